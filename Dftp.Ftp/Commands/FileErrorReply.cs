using Dftp.FileSystem;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Commands;

/// <summary>Maps the tree's errors to replies; the only place that does.</summary>
internal static class FileErrorReply
{
    /// <summary>The reply before 150, when nothing was sent. RFC 959: 4yz means that a retry can succeed, 5yz that it cannot.</summary>
    public static Reply For(FileError error) => new(
        error.Kind switch
        {
            FileErrorKind.NotFound or FileErrorKind.IsDirectory or FileErrorKind.AccessDenied => 550,
            FileErrorKind.Unreachable or FileErrorKind.Busy => 450,
            _ => 451,
        },
        error.Message);
}
