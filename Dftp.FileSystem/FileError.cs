namespace Dftp.FileSystem;

/// <summary>All reasons why the tree cannot open a file. Front ends map each to one status or reply code.</summary>
public enum FileErrorKind
{
    /// <summary>The path does not exist.</summary>
    NotFound,

    /// <summary>The path is a directory, and a file was requested.</summary>
    IsDirectory,

    /// <summary>
    /// The holder's operating system denies the read, or the file was moved out of the holder's root; or the principal may list the path
    /// and not read it.
    /// </summary>
    AccessDenied,

    /// <summary>No holder answers. A later retry can succeed.</summary>
    Unreachable,

    /// <summary>The holder's disk or connection failed.</summary>
    Failed,

    /// <summary>This client, or all clients together, have too many such requests pending. A later retry can succeed.</summary>
    Busy,
}

/// <summary>An expected failure.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Message">A sentence for the user, without a full stop, that names the path and the node.</param>
public sealed record FileError(FileErrorKind Kind, string Message)
{
    /// <summary>The one answer for a path that does not exist and for one that the principal may not see.</summary>
    public static FileError NothingAt(VirtualPath path) => new(FileErrorKind.NotFound, $"nothing is at {path}");

    public static FileError DirectoryAt(VirtualPath path) => new(FileErrorKind.IsDirectory, $"{path} is a directory");
}

/// <summary>A <see cref="FileContent"/> failed after it was opened: the bytes read so far are incomplete.</summary>
public sealed class FileContentException : IOException
{
    public FileContentException(FileError error, Exception? inner = null)
        : base(error.Message, inner) => Error = error;

    public FileError Error { get; }
}
