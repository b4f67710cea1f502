using System.Collections.Concurrent;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;
using Dftp.Tests.Scenarios.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.LocalFiles.Watching;

/// <summary>
/// A root directory, a loop that follows it, and a peer that receives only the updates. The expected state is the result of a fresh scan.
/// </summary>
internal sealed class FollowedRoot : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly VirtualPath _mount;
    private readonly LocalRoot _root;
    private readonly TreeWriter _peer = new();
    private readonly Lock _peerLock = new();
    private readonly LogOfLines _logs = new();
    private long _peerSequence;

    public FollowedRoot(
        TempRoot temp, EventSource? source = null, ClusterOptions? options = null, bool portable = false, string mount = "/",
        TimeProvider? time = null, Func<LocalRoot, LocalRoot>? wrap = null)
    {
        time ??= TimeProvider.System;
        Temp = temp;
        _mount = VirtualPath.Parse(mount);
        _root = portable ? PortableRoot.Open(temp.Root, TempRoot.Node, _mount) : temp.Open(_mount);
        Own = new LocalEntries(TempRoot.Node, Tree, new StampClock(TempRoot.Node, time), time);
        Own.Changed += FeedPeer;
        options = (options ?? new ClusterOptions { NodeName = TempRoot.Node }) with { Mount = _mount };
        Loop = new ScanLoop(wrap?.Invoke(_root) ?? _root, Own, options, time, _logs, source);
    }

    public TempRoot Temp { get; }

    public TreeWriter Tree { get; } = new();

    public LocalEntries Own { get; }

    public ScanLoop Loop { get; }

    /// <summary>The messages of warnings and errors, and the message of the first scan.</summary>
    public IReadOnlyCollection<string> Log => _logs.Lines;

    public async Task<FollowedRoot> StartAsync()
    {
        Loop.Start();
        await Eventually.TrueAsync(() => Loop.Status.State == ScanState.Following, Patience, "the first scan");
        return this;
    }

    /// <summary>Waits until the tree and the peer's tree equal a fresh scan.</summary>
    public async Task BecomesTheDiskAsync()
    {
        await Eventually.EqualAsync("", DifferenceAsync, Patience, "the tree is the disk's");
        lock (_peerLock)
        {
            // The digest covers the change stamps too, which a scan does not have.
            Assert.AreEqual(Own.State.Digest, _peer.Current.HoldingOf(TempRoot.Node).Digest, "the peer's digest");
        }
    }

    public IReadOnlyList<string> Lines() => Render(Tree.Current);

    public async ValueTask DisposeAsync()
    {
        await Loop.DisposeAsync();
        _root.Dispose();
    }

    private async Task<string> DifferenceAsync()
    {
        var fresh = new TreeWriter();
        var scan = await new Scanner(_root, TimeProvider.System, NullLogger<Scanner>.Instance).ScanAsync(VirtualPath.Root, CancellationToken.None);
        new LocalEntries(TempRoot.Node, fresh, new StampClock(TempRoot.Node, TimeProvider.System), TimeProvider.System).Replace(scan.Root!.MountedAt(_mount));
        var expected = Render(fresh.Current);
        lock (_peerLock)
        {
            return Difference("own", expected, Lines()) + Difference("peer", expected, Render(_peer.Current));
        }
    }

    private static string Difference(string whose, IReadOnlyList<string> expected, IReadOnlyList<string> actual)
    {
        var missing = expected.Except(actual).Take(5).ToList();
        var surplus = actual.Except(expected).Take(5).ToList();
        return missing.Count + surplus.Count == 0 ? "" : $"{whose}: lacks [{string.Join(", ", missing)}] has [{string.Join(", ", surplus)}] ";
    }

    private static List<string> Render(TreeSnapshot tree) =>
    [
        .. new NodeSnapshot(tree, TempRoot.Node).Walk(VirtualPath.Root).Select(step => step.Entry.IsDirectory
            ? $"{step.Path}/ {step.Entry.Modified.Nanoseconds} {step.Entry.Permissions}"
            : $"{step.Path} {step.Entry.Size} {step.Entry.Modified.Nanoseconds} {step.Entry.Permissions}"),
    ];

    private void FeedPeer()
    {
        lock (_peerLock)
        {
            if (_peerSequence > 0)
            {
                var (changes, position) = Own.Since(_peerSequence);
                if (changes is not null)
                {
                    var patch = new DirectoryPatch();
                    foreach (var change in changes) change.AddTo(patch);
                    _peer.Apply(TempRoot.Node, patch);
                    _peerSequence = position.Sequence;
                    return;
                }
            }

            // The entries of a tree are the same for every holder: a full update is a draft of them.
            var (full, at) = Own.Full();
            _peer.Apply(TempRoot.Node, DirectoryPatch.Replace(Draft(full.Root, [])));
            _peerSequence = at.Sequence;
        }
    }

    private static DirectoryBuilder Draft(TreeDirectory directory, byte[] name)
    {
        var part = directory.PartOf(TempRoot.Node);
        var draft = new DirectoryBuilder(name) { Facts = part?.Announced };
        for (var index = 0; index < (part?.Files.Count ?? 0); index++) draft.AddFile(part!.Files.NameSpan(index), part.Files[index]);
        foreach (var child in directory.Children) CopyInto(draft.GetOrAddDirectory(child.Name), child);
        return draft;

        static void CopyInto(DirectoryBuilder into, TreeDirectory from)
        {
            var copied = from.PartOf(TempRoot.Node)!;
            into.Facts = copied.Announced;
            for (var index = 0; index < copied.Files.Count; index++) into.AddFile(copied.Files.NameSpan(index), copied.Files[index]);
            foreach (var child in from.Children) CopyInto(into.GetOrAddDirectory(child.Name), child);
        }
    }

    private sealed class LogOfLines : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Lines.Enqueue(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
