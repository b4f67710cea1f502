using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Native;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.LocalFiles;

/// <summary>
/// A regular file of this machine, open for reading at any offset by many at once, and what it was when it was opened. It has one use
/// when it is made; disposing of it gives up one, and the last one closes the file.
/// </summary>
/// <param name="handle">The open file; owned.</param>
/// <param name="facts">Taken from the open file itself, not from its name.</param>
/// <param name="identity">Which file it is.</param>
/// <param name="shownPath">The path and the node, for messages.</param>
/// <param name="place">See <see cref="Place"/>.</param>
internal sealed class OpenedFile(SafeFileHandle handle, FileFacts facts, FileIdentity identity, string shownPath, OpenedPlace? place = null) : IDisposable
{
    private int _uses = 1;

    public SafeFileHandle Handle { get; } = handle;

    public FileFacts Facts { get; } = facts;

    public FileIdentity Identity { get; } = identity;

    /// <summary>Identifies its content, together with <see cref="Identity"/>.</summary>
    public LocalVersion Version => new(Facts.Size, Facts.Modified, Identity.StatusChanged);

    public string ShownPath { get; } = shownPath;

    /// <summary>
    /// By which <see cref="LocalRoot.IsUnchanged"/> sees whether it still is what stands at its path; null where that cannot be seen, so
    /// that it has to be opened for every use.
    /// </summary>
    public OpenedPlace? Place { get; } = place;

    /// <summary>Takes one more use.</summary>
    /// <returns>False when the last one has been given up.</returns>
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

/// <summary>Where a file was opened, and what it was then.</summary>
/// <param name="TerminatedPath">Beneath the root, and a NUL.</param>
/// <param name="Status">Of the open file.</param>
internal sealed record OpenedPlace(byte[] TerminatedPath, FileStatus Status);
