using System.Net;

namespace Dftp.FileSystem;

/// <summary>The tree as front ends see it. Thread-safe.</summary>
public interface IFileTree
{
    /// <summary>
    /// The current state of the tree. A snapshot is immutable: take one per request and answer the whole request from it.
    /// </summary>
    ITreeSnapshot Snapshot { get; }

    /// <summary>The nodes that are present now: this node first, then the others by name.</summary>
    IReadOnlyList<NodeSummary> Nodes { get; }

    /// <summary>Finds one of <see cref="Nodes"/>; null when it is not present.</summary>
    NodeSummary? FindNode(NodeName name) => Nodes.FirstOrDefault(node => node.Name == name);

    /// <summary>
    /// The nodes whose entries are absent or stale, by name: nodes that are down, nodes that are joining and have not sent their
    /// entries yet, this node until its own directory has been scanned, and places that a node cannot read. While the list is not
    /// empty, listings must be marked incomplete.
    /// </summary>
    IReadOnlyList<MissingNode> Missing => [];

    /// <summary>Opens a part of the current file, from this node's disk or from another holder.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">
    /// The entry from <see cref="ITreeSnapshot.TryFind"/>, a look or an earlier opening. Holders of that version are tried first.
    /// </param>
    /// <param name="part">The bytes to open.</param>
    /// <param name="cancellationToken">Cancels the opening only; each read of the content takes its own token.</param>
    /// <returns>
    /// The content with the facts of the opened file. They may differ from <paramref name="file"/>: decisions that were based on it
    /// must then be made again. Or the facts of a file that ends before the part begins; or NotFound, IsDirectory, AccessDenied,
    /// Unreachable or Failed.
    /// </returns>
    ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken);

    /// <summary>
    /// Reads the facts of a file where <see cref="OpenAsync"/> would read its content, for answers without content. It asks the
    /// holder's disk in one exchange, and fails where opening would fail.
    /// </summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">As for <see cref="OpenAsync"/>.</param>
    /// <param name="cancellationToken">Cancels the look.</param>
    async ValueTask<LookResult> LookAsync(VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        var opened = await OpenAsync(path, file, RangeSpec.Whole, cancellationToken);
        if (opened.Error is { } error) return LookResult.Failed(error);
        await using var content = opened.Content;
        return LookResult.Of(opened.Facts, content?.KnownDigest ?? KnownDigest(path, opened.Facts));
    }

    /// <summary>The digest of a copy if it is known already; the copy is not read.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">As for <see cref="OpenAsync"/>. A digest of a copy with other facts does not count.</param>
    /// <param name="holder">Whose copy; null: the one that <see cref="OpenAsync"/> would read.</param>
    ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder = null) => null;

    /// <summary>The digest of a copy. Its holder computes it if it is unknown. It stays known until the copy changes.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">As for <see cref="OpenAsync"/>.</param>
    /// <param name="holder">Whose copy; null: the one that <see cref="OpenAsync"/> would read.</param>
    /// <param name="client">
    /// The client that asks; null: this node itself. One digest at a time is computed for each client, round-robin over the
    /// clients.
    /// </param>
    /// <param name="cancellationToken">Stops the computation, also at the holder.</param>
    /// <returns>
    /// The digest; or newer facts when the copy differs from <paramref name="file"/>; or Busy; or an error of
    /// <see cref="OpenAsync"/>.
    /// </returns>
    async ValueTask<DigestResult> DigestAsync(
        VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken)
    {
        var opened = await OpenAsync(path, file, RangeSpec.Whole, cancellationToken);
        if (opened.Error is { } error) return DigestResult.Failed(error);
        await using var content = opened.Content!;
        if (!opened.Facts.IsSameVersion(file)) return DigestResult.Changed(opened.Facts);
        try
        {
            return DigestResult.Of(await ContentDigest.OfAsync(content, cancellationToken));
        }
        catch (FileContentException broken)
        {
            return DigestResult.Failed(broken.Error);
        }
    }

    /// <summary>Subscribes to the tree's changes.</summary>
    /// <param name="after">The event id to start after; null: start with the next event.</param>
    /// <returns>The reader, which the caller disposes of; null for a tree without change events.</returns>
    TreeEventReader? Follow(TreeEventId? after) => null;
}

/// <summary>An immutable view of the whole name space at one point in time.</summary>
public interface ITreeSnapshot
{
    TreeTotals Totals { get; }

    /// <summary>Finds the entry at a path. The root always exists.</summary>
    bool TryFind(VirtualPath path, out Entry entry);

    /// <summary>
    /// The entries of a directory: first the directories, then the files, each sorted by the bytes of their names. Empty when the
    /// path is not a directory.
    /// </summary>
    IEnumerable<Entry> List(VirtualPath directory);

    /// <summary>
    /// Every entry below a directory, each directory before its contents, in the order of <see cref="List"/>, except that the files
    /// of a directory come before the contents of its subdirectories. Empty when the path is not a directory.
    /// </summary>
    IEnumerable<WalkEntry> Walk(VirtualPath directory);

    /// <summary>The entries that match a query, in the order of <see cref="Walk"/>, up to the query's limit.</summary>
    /// <param name="query">The conditions.</param>
    /// <param name="cancellationToken">Cancels the search: a search with few hits can take long.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    IEnumerable<WalkEntry> Search(SearchQuery query, CancellationToken cancellationToken) =>
        query.Filter(Walk(query.Under), cancellationToken);

    /// <summary>
    /// Every holder of a path, the owner first: one entry per holder, with the facts of its copy and with itself as the owner.
    /// Empty when the path does not exist. A directory's size is that of the whole merged tree below it.
    /// </summary>
    IReadOnlyList<Entry> HoldersOf(VirtualPath path) => TryFind(path, out var entry) ? [entry] : [];

    /// <summary>
    /// Every copy of every file of <see cref="Walk"/>: one entry per holder, with the facts of its copy and with the holder as the owner.
    /// </summary>
    IEnumerable<WalkEntry> Copies(VirtualPath directory) => Walk(directory).Where(step => !step.Entry.IsDirectory);

    /// <summary>
    /// Identifies the listing of a directory: two snapshots that return the same object list the same entries with the same facts.
    /// Null when the path is not a directory, or when the tree cannot distinguish versions.
    /// </summary>
    object? Identity(VirtualPath directory) => null;
}

/// <summary>Sums over a snapshot.</summary>
/// <param name="Files">The number of paths that are files.</param>
/// <param name="Directories">The number of paths that are directories, without the root.</param>
/// <param name="Bytes">The total size of the files, counting the owner's copy of each path.</param>
/// <param name="HiddenFiles">The number of copies that are not visible, because another node has a directory at their path.</param>
public readonly record struct TreeTotals(long Files, long Directories, long Bytes, long HiddenFiles);

/// <summary>The state of a node as seen from this node.</summary>
public enum NodeState
{
    /// <summary>This node itself.</summary>
    Self,

    /// <summary>It answers.</summary>
    Alive,

    /// <summary>It refused a connection or failed a read. Other holders are preferred until it answers again.</summary>
    Suspect,

    /// <summary>It is known but has not sent its entries yet. It is in <see cref="IFileTree.Missing"/> too.</summary>
    Joining,
}

/// <summary>A node whose entries are absent from the tree, or stale.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Since">When it was last seen, in whole seconds.</param>
/// <param name="Reason">Why its entries are missing.</param>
/// <param name="Path">
/// Null: the whole node. Otherwise only the node's entries at and below this path are unconfirmed, because its disk cannot be read
/// there since <paramref name="Since"/>.
/// </param>
public sealed record MissingNode(NodeName Name, UnixTime Since, MissingReason Reason = MissingReason.Away, VirtualPath? Path = null)
{
    public static MissingNode At(NodeName node, UnconfirmedPlace place) => new(node, place.Since, MissingReason.Unconfirmed, place.Path);
}

/// <summary>Why the entries of a node are missing from the tree.</summary>
public enum MissingReason
{
    /// <summary>It is down or has left: the tree has none of its entries.</summary>
    Away,

    /// <summary>It is known but has not sent its entries yet: the tree has none of them.</summary>
    Joining,

    /// <summary>The tree shows its last known entries, until it confirms them or its directory has been scanned.</summary>
    Unconfirmed,
}

/// <summary>A node as pages and reports show it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Its state as seen from this node.</param>
/// <param name="PublicAddress">The host:port of its public HTTP interface; empty when it has none, or for this node.</param>
/// <param name="Files">The number of files that it holds, including those that other nodes hold too.</param>
/// <param name="Bytes">Their total size.</param>
/// <param name="PublicUrl">
/// <c>http://host:port</c> where clients can read its own copies, including ranges; empty when they cannot, and for this node.
/// </param>
public sealed record NodeSummary(NodeName Name, NodeState State, string PublicAddress, long Files, long Bytes, string PublicUrl = "");
