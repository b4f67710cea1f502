using Dftp.FileSystem;
using Dftp.Ftp.Control;

namespace Dftp.Ftp.Commands;

/// <summary>The one place where the tree's errors become replies.</summary>
internal static class FileErrorReply
{
    /// <summary>Before 150, when nothing was sent. RFC 959: 4yz invites to try again, 5yz does not.</summary>
    public static Reply For(FileError error) => new(
        error.Kind switch
        {
            FileErrorKind.NotFound or FileErrorKind.IsDirectory or FileErrorKind.AccessDenied => 550,
            FileErrorKind.Unreachable => 450,
            _ => 451,
        },
        error.Message);
}
