using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>
/// The places of this node's root that cannot be read now. An error does not mean that files are gone: their entries stay in the tree, and
/// <see cref="LocalEntries.Unconfirmed"/> reports the places to clients and peers. Changed by one thread only.
/// </summary>
internal sealed class UnconfirmedPlaces(LocalEntries own, VirtualPath mount, TimeProvider time, ILogger log)
{
    /// <summary>The maximum number of places in a header and a ping; if there are more, their parent directories stand for them.</summary>
    public const int MaxNamed = 16;

    /// <summary>Keeps a completely broken disk from filling the log.</summary>
    private const int MaxLogged = 10;

    private Dictionary<VirtualPath, Place> _places = [];
    private Place? _root;
    private volatile IReadOnlyList<UnreadableStatus> _status = [];

    public int Count => _places.Count;

    /// <summary>All places with the reasons, for reports.</summary>
    public IReadOnlyList<UnreadableStatus> Status => _status;

    /// <summary>Sets the places that cannot be read from now on; places that can be read again are removed.</summary>
    public void Set(IEnumerable<UnreadablePlace> places)
    {
        var now = new Dictionary<VirtualPath, Place>();
        foreach (var place in places) now[place.Path] = new Place(place, SinceOf(place.Path));
        LogChanges(now);
        Publish(now);
    }

    /// <summary>
    /// Adds places to the known ones. Call this before the scan that found them is put into the tree, and <see cref="Set"/> after it: then
    /// a request that reads the list before and after the tree misses none.
    /// </summary>
    public void Include(IEnumerable<UnreadablePlace> places)
    {
        var now = new Dictionary<VirtualPath, Place>(_places);
        foreach (var place in places) now.TryAdd(place.Path, new Place(place, SinceOf(place.Path)));
        if (now.Count == _places.Count) return;
        LogChanges(now);
        Publish(now);
    }

    /// <summary>Marks the whole root as unreadable.</summary>
    public void SetAll(string reason)
    {
        _root = new Place(new UnreadablePlace(VirtualPath.Root, IsRest: false, reason), SinceOf(VirtualPath.Root));
        Publish(new Dictionary<VirtualPath, Place> { [VirtualPath.Root] = _root });
    }

    /// <summary>Marks all places to be read again, with everything below them.</summary>
    public void MarkForReading(DirtySet dirty)
    {
        foreach (var (path, place) in _places)
        {
            if (place.What.IsRest || path.IsRoot) dirty.AddDirectory(path);
            else dirty.AddSubtree(path);
        }
    }

    private UnixTime SinceOf(VirtualPath path) =>
        _places.TryGetValue(path, out var known) ? known.Since : UnixTime.FromSeconds(time.GetUtcNow().ToUnixTimeSeconds());

    private void Publish(Dictionary<VirtualPath, Place> now)
    {
        var isSame = now.Count == _places.Count && now.All(place => _places.TryGetValue(place.Key, out var known) && known == place.Value);
        _places = now;
        if (isSame) return;
        _status =
        [
            .. now.OrderBy(place => place.Key.Value, StringComparer.Ordinal)
                .Select(place => new UnreadableStatus(TreePath.Under(mount, place.Key), place.Value.Since, place.Value.What.Reason)),
        ];
        own.SetUnconfirmed(Few([.. _status.Select(place => new UnconfirmedPlace(place.Path, place.Since))]));
    }

    private void LogChanges(Dictionary<VirtualPath, Place> now)
    {
        var failed = now.Where(place => !_places.ContainsKey(place.Key)).ToList();
        // The loss of the root has its own log line.
        var back = _places.Where(place => place.Value != _root && !now.ContainsKey(place.Key)).Select(place => place.Key).ToList();
        foreach (var (path, place) in failed.Take(MaxLogged)) log.Unreadable(TreePath.Under(mount, path), place.What.Reason);
        if (failed.Count > MaxLogged) log.MoreUnreadable(failed.Count - MaxLogged);
        foreach (var path in back.Take(MaxLogged)) log.ReadAgain(TreePath.Under(mount, path));
        if (back.Count > MaxLogged) log.MoreReadAgain(back.Count - MaxLogged);
    }

    /// <summary>At most <see cref="MaxNamed"/> places that cover the given ones, none of them below another.</summary>
    public static IReadOnlyList<UnconfirmedPlace> Few(IReadOnlyList<UnconfirmedPlace> places)
    {
        while (true)
        {
            var paths = places.Select(place => place.Path).ToHashSet();
            var top = places.Where(place => !HasAbove(paths, place.Path)).DistinctBy(place => place.Path).ToList();
            if (top.Count <= MaxNamed) return top;
            var deepest = top.Max(place => Depth(place.Path));
            places = [.. top
                .Select(place => Depth(place.Path) == deepest ? place with { Path = place.Path.Parent } : place)
                .OrderBy(place => place.Since)];
        }
    }

    private static bool HasAbove(HashSet<VirtualPath> paths, VirtualPath path)
    {
        while (!path.IsRoot)
        {
            path = path.Parent;
            if (paths.Contains(path)) return true;
        }

        return false;
    }

    private static int Depth(VirtualPath path) => path.IsRoot ? 0 : path.Value.Count(letter => letter == '/');

    private sealed record Place(UnreadablePlace What, UnixTime Since);
}
