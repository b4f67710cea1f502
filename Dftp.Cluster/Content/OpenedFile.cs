using Dftp.Cluster.Tree;
using Microsoft.Win32.SafeHandles;

namespace Dftp.Cluster.Content;

/// <summary>
/// A regular file of this machine, open for reading at any offset by many at once, and what it was when it was opened. Disposing
/// of it gives up this use of the handle.
/// </summary>
internal sealed class OpenedFile(SafeFileHandle handle, FileFacts facts, string shownPath) : IDisposable
{
    public SafeFileHandle Handle { get; } = handle;

    /// <summary>Taken from the open file itself, not from its name.</summary>
    public FileFacts Facts { get; } = facts;

    /// <summary>The path and the node, for messages.</summary>
    public string ShownPath { get; } = shownPath;

    public void Dispose() => Handle.Dispose();
}
