using Dftp.FileSystem;
using Dftp.Ftp.Listing;

namespace Dftp.Ftp;

/// <summary>The representation types in use (RFC 959, section 3.1.1).</summary>
internal enum RepresentationType
{
    /// <summary>Lines end with CRLF on the wire.</summary>
    Ascii,

    /// <summary>The file's bytes as they are.</summary>
    Image,
}

/// <summary>All that a session remembers between commands and that REIN forgets.</summary>
internal sealed class SessionState
{
    /// <summary>The name that USER gave; null before.</summary>
    public string? User { get; set; }

    public bool IsLoggedIn { get; set; }

    /// <summary>What PWD shows.</summary>
    public VirtualPath Directory { get; set; }

    /// <summary>RFC 959, section 5.1: the default is ASCII.</summary>
    public RepresentationType Type { get; set; } = RepresentationType.Ascii;

    /// <summary>What REST set, for the next RETR, STOR, APPE, STOU or HASH; 0 otherwise.</summary>
    public long RestartOffset { get; set; }

    /// <summary>What REST set, once: the next transfer starts at 0 again, even if this one is refused.</summary>
    public long TakeRestartOffset()
    {
        var offset = RestartOffset;
        RestartOffset = 0;
        return offset;
    }

    /// <summary>After <c>EPSV ALL</c> no other command opens data connections (RFC 2428, section 4).</summary>
    public bool IsExtendedPassiveOnly { get; set; }

    /// <summary>The facts of MLST and MLSD.</summary>
    public Facts Facts { get; set; } = Facts.All;
}
