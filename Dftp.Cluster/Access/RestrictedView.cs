using System.Net;
using Dftp.FileSystem;

namespace Dftp.Cluster.Access;

/// <summary>
/// A view without the places that a principal may not see, and without the contents of those that it may only list. What is hidden is
/// absent: it has no name, no size and no part in a sum, and opening it fails as opening an absent path does.
/// </summary>
internal sealed class RestrictedView(ITreeView whole, Principal principal, VisiblePlace places) : ITreeView
{
    public ITreeSnapshot Snapshot => new RestrictedSnapshot(whole.Snapshot, places);

    /// <summary>Without sums, which would count what is hidden.</summary>
    public IReadOnlyList<NodeSummary> Nodes => [.. whole.Nodes.Select(WithoutSums)];

    public NodeSummary? FindNode(NodeName name) => whole.FindNode(name) is { } node ? WithoutSums(node) : null;

    public IReadOnlyList<MissingNode> Missing => [.. whole.Missing.SelectMany(Visible)];

    public ValueTask<OpenResult> OpenAsync(VirtualPath path, Entry file, RangeSpec part, CancellationToken cancellationToken)
    {
        return IsReadable(path) ? whole.OpenAsync(path, file, part, cancellationToken) : FailAsync();

        async ValueTask<OpenResult> FailAsync() => OpenResult.Failed(await RefusalAsync(path, cancellationToken));
    }

    public ValueTask<LookResult> LookAsync(VirtualPath path, Entry file, CancellationToken cancellationToken)
    {
        return IsReadable(path) ? whole.LookAsync(path, file, cancellationToken) : FailAsync();

        async ValueTask<LookResult> FailAsync() => LookResult.Failed(await RefusalAsync(path, cancellationToken));
    }

    public ContentDigest? KnownDigest(VirtualPath path, Entry file, NodeName? holder) =>
        IsReadable(path) ? whole.KnownDigest(path, file, holder) : null;

    public ValueTask<DigestResult> DigestAsync(
        VirtualPath path, Entry file, NodeName? holder, IPAddress? client, CancellationToken cancellationToken)
    {
        return IsReadable(path) ? whole.DigestAsync(path, file, holder, client, cancellationToken) : FailAsync();

        async ValueTask<DigestResult> FailAsync() => DigestResult.Failed(await RefusalAsync(path, cancellationToken));
    }

    public TreeEventReader? Follow(TreeEventId? after)
    {
        var before = whole.Snapshot;
        return whole.Follow(null) is { } events ? new RestrictedEvents(events, whole, before, places, isCut: after is not null) : null;
    }

    private bool IsReadable(VirtualPath path) => principal.RightAt(path) >= Right.Read;

    private async ValueTask<FileError> RefusalAsync(VirtualPath path, CancellationToken cancellationToken)
    {
        if (await Snapshot.FindAsync(path, cancellationToken) is not { } entry) return FileError.NothingAt(path);
        return entry.IsDirectory
            ? FileError.DirectoryAt(path)
            : new FileError(FileErrorKind.AccessDenied, $"{principal.Name} may list {path} and not read it");
    }

    private IEnumerable<MissingNode> Visible(MissingNode missing)
    {
        if (missing.Path is not { } path) return [missing];
        var place = places.Deciding(path, out var isAtPath);
        if (place.IsVisible) return [missing];
        return isAtPath ? place.Clearings().Select(clearing => missing with { Path = clearing.Path }) : [];
    }

    private static NodeSummary WithoutSums(NodeSummary node) => node with { Files = null, Bytes = null };
}
