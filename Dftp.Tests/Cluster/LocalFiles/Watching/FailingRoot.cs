using System.Collections.Concurrent;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.LocalFiles.Watching;

/// <summary>A real root with errors and mounted file systems where a test says so.</summary>
internal sealed class FailingRoot(LocalRoot root) : LocalRoot(root.Directory, TempRoot.Node, root.Mount)
{
    public const string Error = "input/output error";

    /// <summary>The number of entries after which reading a directory breaks off, by its path; -1 means that it cannot be opened.</summary>
    public ConcurrentDictionary<string, int> Broken { get; } = new();

    /// <summary>The directories that permissions do not let this node open.</summary>
    public ConcurrentDictionary<string, bool> Forbidden { get; } = new();

    /// <summary>The paths of the files whose status cannot be read.</summary>
    public ConcurrentDictionary<string, bool> WithoutStatus { get; } = new();

    /// <summary>Simulated devices, by the path of a directory.</summary>
    public ConcurrentDictionary<string, ulong> Devices { get; } = new();

    public override DirectoryReader? OpenDirectory(ReadOnlySpan<byte> path, out ReadFailure? failure)
    {
        var text = Encoding.UTF8.GetString(path);
        failure = Forbidden.ContainsKey(text) ? new ReadFailure("permission denied", IsForbidden: true)
            : Broken.TryGetValue(text, out var after) && after < 0 ? new ReadFailure(Error, IsForbidden: false)
            : null;
        if (failure is not null) return null;
        return root.OpenDirectory(path, out failure) is { } reader ? new Reader(this, text, reader) : null;
    }

    public override LocalOpenResult OpenFile(VirtualPath path) => root.OpenFile(path);

    public override EntryKind? Examine(ReadOnlySpan<byte> path) => root.Examine(path);

    public override LinkTarget ResolveLink(ReadOnlySpan<byte> path) => root.ResolveLink(path);

    public override LinkText ReadLinkText(ReadOnlySpan<byte> path) => root.ReadLinkText(path);

    public override RootPresence Look(out string? failure) => root.Look(out failure);

    public override void Dispose() => root.Dispose();

    private sealed class Reader(FailingRoot failing, string path, DirectoryReader reader) : DirectoryReader
    {
        public override DirectoryFacts Facts => reader.Facts;

        public override DirectoryIdentity Identity =>
            failing.Devices.TryGetValue(path, out var device) ? reader.Identity with { Device = device } : reader.Identity;

        public override void Refresh() => reader.Refresh();

        public override string? Read(EntryVisitor visitor)
        {
            var left = failing.Broken.GetValueOrDefault(path, int.MaxValue);
            var failure = reader.Read((ReadOnlySpan<byte> name, EntryKind kind, in FileFacts facts) =>
            {
                if (left == 0) return;
                left--;
                if (failing.WithoutStatus.ContainsKey($"{path}/{Encoding.UTF8.GetString(name)}")) visitor(name, EntryKind.Unreadable, default);
                else visitor(name, kind, facts);
            });
            return failure ?? (failing.Broken.ContainsKey(path) ? Error : null);
        }

        public override void Dispose() => reader.Dispose();
    }
}
