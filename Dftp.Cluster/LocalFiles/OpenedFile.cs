using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Native;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// A local regular file, open for concurrent reads at any offset, with its facts at the time of opening. It is created with one use; each
/// disposal releases one, and the last one closes the file.
/// </summary>
/// <param name="handle">The open file; owned.</param>
/// <param name="facts">The facts of the open file itself, not of its name.</param>
/// <param name="identity">The file's identity.</param>
/// <param name="shownPath">The path and the node, for messages.</param>
/// <param name="place">See <see cref="Place"/>.</param>
internal sealed class OpenedFile(
    SafeFileHandle handle, FileFacts facts, FileIdentity identity, string shownPath, OpenedPlace? place = null) : IDisposable
{
    private int _uses = 1;

    public SafeFileHandle Handle { get; } = handle;

    public FileFacts Facts { get; } = facts;

    public FileIdentity Identity { get; } = identity;

    /// <summary>Identifies its content, together with <see cref="Identity"/>.</summary>
    public LocalVersion Version => new(Facts.Size, Facts.Modified, Identity.StatusChanged);

    public string ShownPath { get; } = shownPath;

    /// <summary>
    /// Lets <see cref="LocalRoot.IsUnchanged"/> check that this is still the file at its path; null where that cannot be checked, so that
    /// each use has to open the file.
    /// </summary>
    public OpenedPlace? Place { get; } = place;

    /// <summary>Takes one more use.</summary>
    /// <returns>False if the last use has been released.</returns>
    public bool TryShare()
    {
        for (var uses = Volatile.Read(ref _uses); uses > 0;)
        {
            var before = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (before == uses) return true;
            uses = before;
        }

        return false;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _uses) == 0) Handle.Dispose();
    }
}

/// <summary>The place where a file was opened, and its status at that time.</summary>
/// <param name="TerminatedPath">The path beneath the root, with a terminating NUL.</param>
/// <param name="Status">The status of the open file.</param>
internal sealed record OpenedPlace(byte[] TerminatedPath, FileStatus Status);
