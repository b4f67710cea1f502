using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Support;

/// <summary>
/// The second implementation of <see cref="IFileTree"/>: files are byte arrays, directories exist by their contents. Changing it
/// makes a new snapshot. <see cref="Content"/> can be replaced to give slow or broken reads.
/// </summary>
internal sealed class MemoryFileTree : ITestTree
{
    public static readonly NodeName Node = NodeName.Parse("memory");

    public static readonly UnixTime DefaultTime = UnixTime.FromSeconds(1477224426, 123_456_789);

    private readonly Lock _lock = new();
    private MemoryWriting? _writing;
    private volatile MemorySnapshot _snapshot = new([]);

    public ITreeSnapshot Snapshot => _snapshot;

    public IReadOnlyList<NodeSummary> Nodes =>
        [new(Node, NodeState.Self, "", _snapshot.TotalsOf(VirtualPath.Root).Files, _snapshot.TotalsOf(VirtualPath.Root).Bytes)];

    public IWritableTree? Writing => _writing;

    /// <summary>The missing nodes.</summary>
    public IReadOnlyList<MissingNode> Missing { get; set; } = [];

    /// <summary>Makes the content of an opened range; a test replaces it to inject faults.</summary>
    public Func<VirtualPath, byte[], ByteRange, FileContent> Content { get; set; } = (_, bytes, range) => new MemoryContent(bytes, range);

    /// <summary>If set, every open fails with this error.</summary>
    public FileError? OpenError { get; set; }

    /// <summary>The files that cannot be opened, with the error.</summary>
    public Dictionary<VirtualPath, FileError> OpenErrors { get; } = [];

    public MemoryFileTree File(string path, string text, UnixTime? modified = null) => File(path, Encoding.UTF8.GetBytes(text), modified);

    public MemoryFileTree File(string path, byte[] bytes, UnixTime? modified = null, int permissions = 0b110_100_100) =>
        Put(path, new MemoryItem(bytes, modified ?? DefaultTime, permissions));

    public MemoryFileTree Directory(string path, UnixTime? modified = null) => Put(path, new MemoryItem(null, modified ?? DefaultTime));

    /// <summary>The size of all files.</summary>
    public long Bytes => _snapshot.Items.Values.Sum(item => item.Size);

    public MemoryFileTree Remove(string path)
    {
        var removed = VirtualPath.Parse(path);
        Change(items =>
        {
            foreach (var at in items.Keys.Where(at => at.IsSameOrUnder(removed)).ToList()) items.Remove(at);
            return true;
        });
        return this;
    }

    /// <summary>From now on the tree takes writes, and <see cref="Follow"/> reports them.</summary>
    public MemoryWriting TakeWrites(TimeProvider time)
    {
        _writing = new MemoryWriting(this, time);
        Events = _writing.Follow;
        return _writing;
    }

    /// <summary>The entry at a path with its version; null when nothing is there.</summary>
    public Entry? Look(VirtualPath path) => _snapshot.Look(path);

    /// <summary>Makes a new snapshot if the change returns true.</summary>
    /// <returns>The snapshot after the change.</returns>
    public MemorySnapshot Change(Func<Dictionary<VirtualPath, MemoryItem>, bool> change)
    {
        lock (_lock)
        {
            var before = _snapshot.Items;
            var items = new Dictionary<VirtualPath, MemoryItem>(before);
            if (!change(items)) return _snapshot;
            _snapshot = new MemorySnapshot(items);
            foreach (var known in Digests.Keys.Where(known => before.GetValueOrDefault(known.Path) != items.GetValueOrDefault(known.Path)))
                Digests.TryRemove(known, out _);
            _writing?.Report(before, items);
            return _snapshot;
        }
    }

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (OpenError is not null) return new(OpenResult.Failed(OpenError));
        if (OpenErrors.TryGetValue(path, out var error)) return new(OpenResult.Failed(error));
        var snapshot = _snapshot;
        if (snapshot.Look(path) is not { } now) return new(OpenResult.Failed(FileError.NothingAt(path)));
        if (now.IsDirectory) return new(OpenResult.Failed(FileError.DirectoryAt(path)));
        return part.TryResolve(now.Size, out var range)
            ? new(OpenResult.Opened(Content(path, snapshot.Items[path].Bytes!, range), now, range))
            : new(OpenResult.Outside(now));
    }

    public ValueTask<LookResult> LookAsync(VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (OpenError is not null) return new(LookResult.Failed(OpenError));
        if (OpenErrors.TryGetValue(path, out var error)) return new(LookResult.Failed(error));
        return new(_snapshot.Look(path) is { } now
            ? LookResult.Of(now, KnownDigest(path, now, null))
            : LookResult.Failed(FileError.NothingAt(path)));
    }

    /// <summary>The computed digests, by content.</summary>
    public ConcurrentDictionary<(VirtualPath Path, long Size, UnixTime Modified), ContentDigest> Digests { get; } = new();

    /// <summary>The clients for which digests were requested.</summary>
    public ConcurrentQueue<IPAddress?> DigestClients { get; } = new();

    /// <summary>The error of digest requests.</summary>
    public FileError? DigestError { get; set; }

    /// <summary>The result of <see cref="Follow"/>; null: the tree has no events.</summary>
    public Func<TreeEventId?, TreeEventReader>? Events { get; set; }

    public ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder) =>
        Digests.TryGetValue((path, file.Size, file.Modified), out var digest) ? digest : null;

    public async ValueTask<DigestResult> DigestAsync(VirtualPath path, Entry file, NodeName? holder, IPAddress? client,
        CancellationToken cancellationToken)
    {
        DigestClients.Enqueue(client);
        if (DigestError is not null) return DigestResult.Failed(DigestError);
        if (KnownDigest(path, file, holder) is { } known) return DigestResult.Of(known);
        var opened = await OpenAsync(path, file, RangeSpec.Whole, cancellationToken);
        if (opened.Error is { } error) return DigestResult.Failed(error);
        await using var content = opened.Content!;
        if (!opened.Facts.IsSameVersion(file)) return DigestResult.Changed(opened.Facts);
        try
        {
            return DigestResult.Of(Digests[(path, file.Size, file.Modified)] = await ContentDigest.OfAsync(content, cancellationToken));
        }
        catch (FileContentException broken)
        {
            return DigestResult.Failed(broken.Error);
        }
    }

    public TreeEventReader? Follow(TreeEventId? after) => Events?.Invoke(after);

    private MemoryFileTree Put(string path, MemoryItem item)
    {
        Change(items =>
        {
            var at = VirtualPath.Parse(path);
            items[at] = item;
            for (at = at.Parent; !at.IsRoot; at = at.Parent) items.TryAdd(at, new MemoryItem(null, item.Modified));
            return true;
        });
        return this;
    }

    internal sealed class MemorySnapshot(Dictionary<VirtualPath, MemoryItem> items) : SynchronousSnapshot
    {
        public Dictionary<VirtualPath, MemoryItem> Items { get; } = items;

        public override TreeTotals TotalsOf(VirtualPath path) => Items.Where(item => item.Key.IsSameOrUnder(path) && !item.Key.IsRoot)
            .Aggregate(default(TreeTotals), (sum, item) => sum + (item.Value.Bytes is { } bytes
                ? new TreeTotals(1, 0, bytes.LongLength, 0)
                : new TreeTotals(0, 1, 0, 0)));

        public override bool TryFind(VirtualPath path, out Entry entry)
        {
            if (Items.TryGetValue(path, out var item))
            {
                entry = ToEntry(path, item);
                return true;
            }

            entry = path.IsRoot ? ToEntry(path, new MemoryItem(null, DefaultTime)) : default;
            return path.IsRoot;
        }

        /// <summary>The entry at a path with its version; null when nothing is there.</summary>
        public Entry? Look(VirtualPath path) => !TryFind(path, out var entry) ? null
            : entry.IsDirectory ? entry
            : entry.With(entry.Size, entry.Modified, Node, new ContentVersion((ulong)entry.Stamp.Value, 0));

        public override object? Identity(VirtualPath directory) => TryFind(directory, out var entry) && entry.IsDirectory ? this : null;

        public override IEnumerable<Entry> List(VirtualPath directory) =>
            Items.Where(item => !item.Key.IsRoot && item.Key.Parent == directory)
                .OrderBy(item => item.Value.Bytes is not null)
                .ThenBy(item => Encoding.UTF8.GetBytes(item.Key.Name), Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))
                .Select(item => ToEntry(item.Key, item.Value));

        public override IEnumerable<WalkEntry> Walk(VirtualPath directory)
        {
            foreach (var entry in List(directory)) yield return new WalkEntry(directory, entry);
            foreach (var child in List(directory).Where(entry => entry.IsDirectory))
            {
                foreach (var below in Walk(directory.Child(child.Name))) yield return below;
            }
        }

        private Entry ToEntry(VirtualPath path, MemoryItem item) => new(
            Encoding.UTF8.GetBytes(path.Name),
            item.Bytes is null,
            item.Bytes?.LongLength ?? Items.Where(other => other.Key != path && other.Key.IsSameOrUnder(path))
                .Sum(other => other.Value.Bytes?.LongLength ?? 0),
            item.Modified,
            item.Permissions,
            Node)
        {
            Stamp = item.Stamp,
            IsRevised = item.Stamp != default,
        };
    }
}

/// <summary>A file or directory.</summary>
/// <param name="Bytes">Null for a directory.</param>
/// <param name="Modified">The modification time.</param>
/// <param name="Permissions">The POSIX permission bits.</param>
/// <param name="Stamp">Differs between contents that were written; 0 for what a test has put there.</param>
internal sealed record MemoryItem(byte[]? Bytes, UnixTime Modified, int Permissions = 0b111_101_101, Stamp Stamp = default)
{
    public bool IsDirectory => Bytes is null;

    public long Size => Bytes?.LongLength ?? 0;
}

/// <summary>A range of a byte array.</summary>
internal sealed class MemoryContent(byte[] bytes, ByteRange range) : FileContent
{
    private long _read;

    public override long Length => range.Length;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = (int)Math.Min(buffer.Length, range.Length - _read);
        bytes.AsMemory((int)(range.Offset + _read), count).CopyTo(buffer);
        _read += count;
        return new(count);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
