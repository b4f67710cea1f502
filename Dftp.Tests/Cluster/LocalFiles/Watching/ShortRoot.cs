using System.Text;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.LocalFiles.Watching;

/// <summary>A real root that is short of descriptors for the directories that a test names.</summary>
internal sealed class ShortRoot(LocalRoot root) : LocalRoot(root.Directory, TempRoot.Node, root.Mount)
{
    /// <summary>The path of the directory that cannot be opened; null for none.</summary>
    public volatile string? Short;

    /// <summary>Runs before each look at the root.</summary>
    public volatile Action? Looking;

    public override LocalOpenResult OpenFile(VirtualPath path) => root.OpenFile(path);

    public override DirectoryReader? OpenDirectory(ReadOnlySpan<byte> path, out ReadFailure? failure) =>
        Encoding.UTF8.GetString(path) == Short ? throw new IOException("too many open files") : root.OpenDirectory(path, out failure);

    public override EntryKind? Examine(ReadOnlySpan<byte> path) => root.Examine(path);

    public override LinkTarget ResolveLink(ReadOnlySpan<byte> path) => root.ResolveLink(path);

    public override LinkText ReadLinkText(ReadOnlySpan<byte> path) => root.ReadLinkText(path);

    public override RootPresence Look(out string? failure)
    {
        Looking?.Invoke();
        return root.Look(out failure);
    }

    public override void Dispose() => root.Dispose();
}
