using System.Net;

namespace Dftp.FileSystem;

/// <summary>
/// The tree as one principal sees it, now and later: what the principal may not see is absent from every answer. Thread-safe. Front ends
/// take it once for an HTTP request, and once for an FTP login.
/// </summary>
public interface ITreeView
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
    /// The entry from <see cref="ITreeSnapshot.FindAsync"/>, a look or an earlier opening. Holders of that version are tried first.
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

    /// <summary>
    /// Changes the tree as this principal; null while no node takes writes, and in views that let nobody write. Take it once for an
    /// HTTP request or FTP command: nodes come and go.
    /// </summary>
    IWritableTree? Writing => null;
}
