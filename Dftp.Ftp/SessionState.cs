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

/// <summary>The state that a session keeps between commands and that REIN resets.</summary>
internal sealed class SessionState
{
    /// <summary>The argument of USER; null before USER.</summary>
    public string? User { get; set; }

    /// <summary>The tree as the logged-in user sees it; null before the login.</summary>
    public ITreeView? Tree { get; set; }

    public bool IsLoggedIn => Tree is not null;

    /// <summary>The working directory.</summary>
    public VirtualPath Directory { get; set; }

    /// <summary>RFC 959, section 5.1: the default is ASCII.</summary>
    public RepresentationType Type { get; set; } = RepresentationType.Ascii;

    /// <summary>The offset of REST for the next RETR, STOR, APPE, STOU or HASH; 0 without REST.</summary>
    public long RestartOffset { get; set; }

    /// <summary>Returns the offset of REST and resets it: it serves one transfer, even a refused one.</summary>
    public long TakeRestartOffset()
    {
        var offset = RestartOffset;
        RestartOffset = 0;
        return offset;
    }

    /// <summary>After <c>EPSV ALL</c> no other command opens data connections (RFC 2428, section 4).</summary>
    public bool IsExtendedPassiveOnly { get; set; }

    /// <summary>The facts that MLST and MLSD send.</summary>
    public Facts Facts { get; set; } = Facts.All;
}
