using System.Diagnostics.CodeAnalysis;
using Dftp.FileSystem;

namespace Dftp.Cluster.Content;

/// <summary>What opening a local file gave: a file, which the caller disposes of, or an error.</summary>
internal readonly struct LocalOpenResult
{
    private LocalOpenResult(OpenedFile? file, FileError? error)
    {
        File = file;
        Error = error;
    }

    public OpenedFile? File { get; }

    public FileError? Error { get; }

    [MemberNotNullWhen(true, nameof(File))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOpened => File is not null;

    public static LocalOpenResult Opened(OpenedFile file) => new(file, null);

    public static LocalOpenResult Failed(FileError error) => new(null, error);
}
