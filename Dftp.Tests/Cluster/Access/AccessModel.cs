using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Access;

/// <summary>What a principal may see, said in the plainest way: every entry is asked for its right, and all sums are made from scratch.</summary>
internal sealed class AccessModel(TreeSnapshot tree, Principal principal)
{
    private static readonly string[] Names = ["a", "b", "c", "d.txt"];

    public static readonly NodeName[] Nodes = [NodeName.Parse("n1"), NodeName.Parse("n2"), NodeName.Parse("n3")];

    private readonly List<WalkEntry> _all = [.. tree.Walk(VirtualPath.Root)];

    /// <summary>The visible entries, and the directories on the way to them, in the order of a walk.</summary>
    public IEnumerable<WalkEntry> Walk(VirtualPath under) =>
        _all.Where(step => step.Path != under && step.Path.IsSameOrUnder(under) && IsShown(step)).Select(step => step with { Entry = Shown(step) });

    public TreeTotals Totals(VirtualPath path) => _all.Where(step => step.Path.IsSameOrUnder(path) && IsShown(step))
        .Aggregate(default(TreeTotals), (sum, step) => sum + (step.Entry.IsDirectory ? new(0, 1, 0, 0) : new(1, 0, step.Entry.Size, 0)));

    public bool IsVisible(VirtualPath path) => principal.RightAt(path) >= Right.List;

    /// <summary>Whether something at or below the path is visible and something is not.</summary>
    public bool IsMixed(VirtualPath path) => principal.Places.Any(
        place => place.Path != path && place.Path.IsSameOrUnder(path) && IsVisible(place.Path) != IsVisible(path));

    public static string Text(IEnumerable<WalkEntry> steps) => string.Join('\n', steps.Select(step => $"{step.Directory} {Text(step.Entry)}"));

    public static string Text(Entry entry) =>
        $"{entry} {entry.IsDirectory} {entry.Modified.Nanoseconds} {entry.Permissions} {entry.HolderCount}";

    public static VirtualPath RandomPath(Random random) => VirtualPath.Parse(
        "/" + string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Names[random.Next(Names.Length)])));

    public static Principal RandomPrincipal(Random random)
    {
        var places = Enumerable.Range(0, random.Next(5)).Select(_ => RandomPath(random));
        if (random.Next(3) > 0) places = places.Append(VirtualPath.Root);
        return new Principal("user", places.Distinct().Select(path => new PlaceRight(path, (Right)random.Next(3))));
    }

    /// <summary>As a node announces them: with all directories.</summary>
    public static IEnumerable<EntryChange> RandomEntries(Random random, int count) => Enumerable.Range(0, count).SelectMany(_ =>
    {
        var path = RandomPath(random);
        var way = new List<EntryChange>();
        for (var above = path.Parent; !above.IsRoot; above = above.Parent) way.Insert(0, Directory(above, random));
        return way.Append(random.Next(4) == 0 ? Directory(path, random) : File(path, random));
    });

    public static EntryChange File(VirtualPath path, Random random) => EntryChange.Put(
        path, new FileFacts(random.Next(9), UnixTime.FromSeconds(random.Next(3)), 420, new Stamp(random.Next(3))));

    private static EntryChange Directory(VirtualPath path, Random random) =>
        EntryChange.Put(path, new DirectoryFacts(UnixTime.FromSeconds(random.Next(1, 3)), 493, new Stamp(random.Next(3))));

    private bool IsShown(in WalkEntry step)
    {
        var path = step.Path;
        return IsVisible(path) || _all.Exists(below => below.Path.IsSameOrUnder(path) && IsVisible(below.Path));
    }

    /// <summary>The holders by name. Those of a mixed directory are the ones of its visible entries; without any it has one.</summary>
    private List<NodeName> HoldersOf(in WalkEntry step)
    {
        var path = step.Path;
        var all = tree.HoldersOf(path).Select(holder => holder.Owner).Order().ToList();
        if (!step.Entry.IsDirectory || !IsMixed(path)) return all;
        var shown = _all.Where(child => child.Directory == path && child.Path != path && IsShown(child))
            .SelectMany(child => HoldersOf(child)).Distinct().Order().ToList();
        return shown.Count > 0 ? shown : all[..1];
    }

    private Entry Shown(in WalkEntry step)
    {
        var (path, entry) = (step.Path, step.Entry);
        if (!entry.IsDirectory || !IsMixed(path)) return entry;
        var holders = HoldersOf(step);
        return new Entry(entry.NameUtf8, true, Totals(path).Bytes, default, 493, holders[0], holders.Count);
    }
}
