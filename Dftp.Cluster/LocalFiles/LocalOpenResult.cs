using System.Diagnostics.CodeAnalysis;
using Dftp.FileSystem;

namespace Dftp.Cluster.LocalFiles;

/// <summary>The result of opening a local file: the file, which the caller disposes of, or an error.</summary>
internal readonly struct LocalOpenResult
{
    private LocalOpenResult(OpenedFile? file, FileError? error, bool lacksDescriptors = false)
    {
        File = file;
        Error = error;
        LacksDescriptors = lacksDescriptors;
    }

    public OpenedFile? File { get; }

    public FileError? Error { get; }

    /// <summary>Opening failed because the process or the machine has reached its limit of open files.</summary>
    public bool LacksDescriptors { get; }

    [MemberNotNullWhen(true, nameof(File))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool IsOpened => File is not null;

    public static LocalOpenResult Opened(OpenedFile file) => new(file, null);

    public static LocalOpenResult Failed(FileError error, bool lacksDescriptors = false) => new(null, error, lacksDescriptors);
}
