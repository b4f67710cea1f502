using System.Text;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.LocalFiles.Scanning;

/// <summary>
/// A root in memory that refuses what a test says: a process with administrator rights can read everything on a real one.
/// </summary>
/// <param name="directories">The entries by path of their directory; everything else does not exist.</param>
/// <param name="failures">
/// The reason why a directory cannot be opened, by path; an error, unless the reason is a lack of permission.
/// </param>
internal sealed class FaultyRoot(Dictionary<string, (string Name, EntryKind Kind)[]> directories, Dictionary<string, string> failures)
    : LocalRoot("/nowhere", TempRoot.Node, default)
{
    /// <summary>The reason why every read breaks off after its last entry.</summary>
    public string? BreakOff { get; init; }

    /// <summary>The exception that reading a directory throws.</summary>
    public Exception? Throws { get; init; }

    public override DirectoryReader? OpenDirectory(ReadOnlySpan<byte> path, out ReadFailure? failure)
    {
        var text = Encoding.UTF8.GetString(path);
        failure = failures.TryGetValue(text, out var reason) ? new ReadFailure(reason, IsForbidden: reason == "permission denied") : null;
        if (failure is not null) return null;
        return directories.TryGetValue(text, out var entries) ? new Reader(text, entries, BreakOff, text.Length > 0 ? Throws : null) : null;
    }

    public override LocalOpenResult OpenFile(VirtualPath path) => throw new NotSupportedException();

    public override EntryKind? Examine(ReadOnlySpan<byte> path) => throw new NotSupportedException();

    public override LinkTarget ResolveLink(ReadOnlySpan<byte> path) => throw new NotSupportedException();

    public override LinkText ReadLinkText(ReadOnlySpan<byte> path) => throw new NotSupportedException();

    public override RootPresence Look(out string? failure) => throw new NotSupportedException();

    public override void Dispose()
    {
    }

    private sealed class Reader(string path, (string Name, EntryKind Kind)[] entries, string? breakOff, Exception? throws) : DirectoryReader
    {
        public override DirectoryFacts Facts => default;

        public override DirectoryIdentity Identity => new(0, 0, path);

        public override string? Read(EntryVisitor visitor)
        {
            if (throws is not null) throw throws;
            foreach (var (name, kind) in entries) visitor(Encoding.UTF8.GetBytes(name), kind, default);
            return breakOff;
        }

        public override void Dispose()
        {
        }
    }
}
