using System.Net;

namespace Dftp.FileSystem;

/// <summary>The tree as front ends see it. Safe for use by many at once.</summary>
public interface IFileTree
{
    /// <summary>
    /// The tree as it is now. It never changes: take it once for a request and answer the whole of the request from it.
    /// </summary>
    ITreeSnapshot Snapshot { get; }

    /// <summary>The nodes known now, this one first, then by name.</summary>
    IReadOnlyList<NodeSummary> Nodes { get; }

    /// <summary>One of <see cref="Nodes"/>; null when it is not there.</summary>
    NodeSummary? FindNode(NodeName name) => Nodes.FirstOrDefault(node => node.Name == name);

    /// <summary>
    /// The nodes whose entries the tree lacks or has only as they were once, by name: those that are away, those that were heard of and have not
    /// said yet what they hold, this node until its own directory has been read, and the places that their nodes cannot read. While there are
    /// any, the tree may be other than what the cluster holds, and whoever shows it says so.
    /// </summary>
    IReadOnlyList<MissingNode> Missing => [];

    /// <summary>Opens a part of a file as it is now, from this node's disk or from another holder.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">
    /// What <see cref="ITreeSnapshot.TryFind"/>, a look or an earlier opening said of it: holders of that version are tried first.
    /// </param>
    /// <param name="part">Which bytes.</param>
    /// <param name="cancellationToken">Ends the opening only; the content's reads have tokens of their own.</param>
    /// <returns>
    /// The content with the facts of what was opened, which can be others than those of <paramref name="file"/>: whatever was decided by those
    /// has to be decided again by these; or the facts of a file that ends before the part begins; or NotFound, IsDirectory, AccessDenied,
    /// Unreachable or Failed.
    /// </returns>
    ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken);

    /// <summary>
    /// Looks at a file where <see cref="OpenAsync"/> would read it, for answers that say something of the file and send nothing of it. It
    /// asks the holder's disk in one exchange, and fails where opening would.
    /// </summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">As for <see cref="OpenAsync"/>.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    async ValueTask<LookResult> LookAsync(VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        var opened = await OpenAsync(path, file, RangeSpec.Whole, cancellationToken);
        if (opened.Error is { } error) return LookResult.Failed(error);
        await using var content = opened.Content;
        return LookResult.Of(opened.Facts, content?.KnownDigest ?? KnownDigest(path, opened.Facts));
    }

    /// <summary>The digest of a copy, where it is known without reading the copy.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">As for <see cref="OpenAsync"/>; what is known of a copy with other facts does not count.</param>
    /// <param name="holder">Whose copy; null: the one that <see cref="OpenAsync"/> would read.</param>
    ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder = null) => null;

    /// <summary>The digest of a copy, computed by its holder where it is not known. It is known from then on, as long as the copy stays as it is.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="file">As for <see cref="OpenAsync"/>.</param>
    /// <param name="holder">Whose copy; null: the one that <see cref="OpenAsync"/> would read.</param>
    /// <param name="client">On whose behalf: one digest is computed at a time for each client, the clients by turns; null: for this node.</param>
    /// <param name="cancellationToken">Stops the computing, at the holder too.</param>
    /// <returns>The digest; or newer facts where the copy is not as <paramref name="file"/> says; or Busy, or an error as of <see cref="OpenAsync"/>.</returns>
    async ValueTask<DigestResult> DigestAsync(VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken)
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

    /// <summary>Begins to follow the tree's changes.</summary>
    /// <param name="after">The place to go on at; null: from now on.</param>
    /// <returns>The reader, which the caller disposes of; null for a tree that does not tell its changes.</returns>
    TreeEventReader? Follow(TreeEventId? after) => null;
}

/// <summary>The whole name space at one moment.</summary>
public interface ITreeSnapshot
{
    TreeTotals Totals { get; }

    /// <summary>The entry at a path. The root is always there.</summary>
    bool TryFind(VirtualPath path, out Entry entry);

    /// <summary>
    /// The entries of a directory: the directories, then the files, each sorted by the bytes of their names. Empty for what is no
    /// directory.
    /// </summary>
    IEnumerable<Entry> List(VirtualPath directory);

    /// <summary>
    /// Every entry below a directory, each directory before what it holds, in the order of <see cref="List"/> but with the files of
    /// a directory before the contents of its directories. Empty for what is no directory.
    /// </summary>
    IEnumerable<WalkEntry> Walk(VirtualPath directory);

    /// <summary>The entries that a query asks for, in the order of <see cref="Walk"/>, at most as many as its limit.</summary>
    /// <param name="query">What is asked.</param>
    /// <param name="cancellationToken">Ends the search early, as one that finds little can take long.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired.</exception>
    IEnumerable<WalkEntry> Search(SearchQuery query, CancellationToken cancellationToken) => query.Filter(Walk(query.Under), cancellationToken);

    /// <summary>
    /// Every holder of what is at a path, the owner first, each as an entry with its own facts and itself as the owner. Empty where nothing is.
    /// A directory's size is that of the whole tree below it.
    /// </summary>
    IReadOnlyList<Entry> HoldersOf(VirtualPath path) => TryFind(path, out var entry) ? [entry] : [];

    /// <summary>
    /// Every copy of every file of <see cref="Walk"/>, those of all holders, each with its own facts and its holder as the owner.
    /// </summary>
    IEnumerable<WalkEntry> Copies(VirtualPath directory) => Walk(directory).Where(step => !step.Entry.IsDirectory);

    /// <summary>
    /// Stands for what <see cref="List"/> gives for a directory: two snapshots in which it is the same object list the same entries with
    /// the same facts. Null for what is no directory, and where versions cannot be told apart.
    /// </summary>
    object? Identity(VirtualPath directory) => null;
}

/// <summary>Sums over a snapshot.</summary>
/// <param name="Files">Paths that are files.</param>
/// <param name="Directories">Paths that are directories, the root not counted.</param>
/// <param name="Bytes">The sizes of the files, each path once, as its owner has it.</param>
/// <param name="HiddenFiles">Copies that no path shows because another node has a directory there.</param>
public readonly record struct TreeTotals(long Files, long Directories, long Bytes, long HiddenFiles);

/// <summary>How a node stands to this one.</summary>
public enum NodeState
{
    /// <summary>This very node.</summary>
    Self,

    /// <summary>It answers.</summary>
    Alive,

    /// <summary>It refused a connection or failed a read; other holders are asked first until it answers again.</summary>
    Suspect,

    /// <summary>It was met and has not said yet what it holds: it is one of <see cref="IFileTree.Missing"/> too.</summary>
    Joining,
}

/// <summary>A node whose entries the tree lacks, or has only as they were once.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Since">When it was last heard of, in whole seconds.</param>
/// <param name="Reason">Why its entries are missing.</param>
/// <param name="Path">
/// Null for the whole node; otherwise only what the node has at this path and below it is unconfirmed, because its disk cannot be read there
/// since that time.
/// </param>
public sealed record MissingNode(NodeName Name, UnixTime Since, MissingReason Reason = MissingReason.Away, VirtualPath? Path = null)
{
    public static MissingNode At(NodeName node, UnconfirmedPlace place) => new(node, place.Since, MissingReason.Unconfirmed, place.Path);
}

/// <summary>Why the entries of a node are missing from the tree.</summary>
public enum MissingReason
{
    /// <summary>It does not answer, or it said goodbye: the tree has none of its entries.</summary>
    Away,

    /// <summary>It was heard of, and has not said yet what it holds: the tree has none of its entries.</summary>
    Joining,

    /// <summary>The tree shows its entries as they were when it was last heard of, until it says or its directory has been read.</summary>
    Unconfirmed,
}

/// <summary>A node as a page or a report shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">How it stands to this node.</param>
/// <param name="PublicAddress">host:port of its public HTTP interface; empty when it has none or is this node.</param>
/// <param name="Files">Files that it holds, those that others hold too included.</param>
/// <param name="Bytes">The sum of their sizes.</param>
/// <param name="PublicUrl">
/// <c>http://host:port</c> where clients read its own copies, ranges included; empty where they cannot, and for this node.
/// </param>
public sealed record NodeSummary(NodeName Name, NodeState State, string PublicAddress, long Files, long Bytes, string PublicUrl = "");
