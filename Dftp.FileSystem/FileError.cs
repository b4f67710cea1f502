namespace Dftp.FileSystem;

/// <summary>All the ways in which the tree can fail to give a file. Front ends map each to one status or reply code.</summary>
public enum FileErrorKind
{
    /// <summary>Nothing is at the path.</summary>
    NotFound,

    /// <summary>The path is a directory where a file was asked for.</summary>
    IsDirectory,

    /// <summary>The holder's operating system refuses the read, or the file has left the holder's root.</summary>
    AccessDenied,

    /// <summary>No holder answers. Trying again later can succeed.</summary>
    Unreachable,

    /// <summary>The holder's disk or connection failed.</summary>
    Failed,

    /// <summary>Too much of the same is asked for by this client, or by all. Trying again later can succeed.</summary>
    Busy,
}

/// <summary>A failure that was to be expected.</summary>
/// <param name="Kind">What went wrong.</param>
/// <param name="Message">A sentence for the user, without a full stop, that names the path and the node.</param>
public sealed record FileError(FileErrorKind Kind, string Message);

/// <summary>A <see cref="FileContent"/> broke off after it had been opened: what was read so far is not the whole.</summary>
public sealed class FileContentException : IOException
{
    public FileContentException(FileError error, Exception? inner = null)
        : base(error.Message, inner) => Error = error;

    public FileError Error { get; }
}
