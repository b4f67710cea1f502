using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.Index;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.LocalFiles.Scanning;

[TestClass]
public sealed class LocalEntriesTests
{
    private static readonly NodeName Node = NodeName.Parse("here");

    private readonly FakeTimeProvider _time = new(WholeRun.Time);
    private readonly TreeWriter _tree = new();
    private readonly LocalEntries _local;

    public LocalEntriesTests() => _local = NewStart();

    private long Now => _time.GetUtcNow().ToUnixTimeSeconds();

    private LocalEntries NewStart() => new(Node, _tree, new StampClock(Node, _time), _time);

    [TestMethod]
    public void SeveralDirectories_AreOneUpdate()
    {
        First(Directory("", Directory("a", File("x", 1)), Directory("b", File("y", 1))));
        var raised = 0;
        _local.Changed += () => raised++;
        _time.Advance(TimeSpan.FromSeconds(5));
        var changed = Update([], ("/a", Directory("a", File("x", 2))), ("/b", Directory("b", File("y", 1), File("z", 3))));
        Assert.AreEqual((2, 1, 2), (changed, raised, _local.State.Sequence));
        AssertChanges("PutFile /a/x", "PutFile /b/z");
    }

    [TestMethod]
    public void UnchangedDirectory_IsNoUpdate()
    {
        First(Directory("", Directory("a", File("x", 1))));
        _local.Changed += () => Assert.Fail("nothing changed");
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.AreEqual(0, Update([], ("/a", Directory("a", File("x", 1)))));
        Assert.AreEqual(1, _local.State.Sequence);
    }

    // LastInfoUpdated is the time at which the node saw the entry change, not the time of the scan.
    [TestMethod]
    public void ChangeStamp_IsKeptByUnchangedEntries_AndNewForChangedOnes()
    {
        First(Directory("", Directory("a", File("same", 1), File("other", 1))));
        var before = Now;
        _time.Advance(TimeSpan.FromSeconds(5));
        Update([], ("/a", Directory("a", File("same", 1), File("other", 2))));
        var files = _tree.Current.Root.FindChild("a"u8)!.PartOf(Node)!.Files;
        Assert.AreEqual(before, files[files.Find("same"u8)].Stamp.Seconds);
        Assert.AreEqual(Now, files[files.Find("other"u8)].Stamp.Seconds);
        Assert.AreEqual(before, _tree.Current.Root.FindChild("a"u8)!.PartOf(Node)!.Facts.Stamp.Seconds);
    }

    // A stamp in the future would make this node the owner of everything that it shares until that time has come.
    [TestMethod]
    public void ChangeStampInTheFuture_IsReplacedByTheNextScan()
    {
        _time.Advance(TimeSpan.FromDays(365));
        First(Directory("", Directory("a", File("same", 1), File("other", 1)), Directory("b", File("same", 1))));
        _time.Advance(TimeSpan.FromDays(1));
        Update([], ("/a", Directory("a", File("same", 1), File("other", 2))));
        var next = NewStart();
        next.Restored();
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromDays(366));

        next.Replace(Directory("", Directory("a", File("same", 1), File("other", 2)), Directory("b", File("same", 1))));

        foreach (var name in new[] { "a", "b" })
        {
            var part = _tree.Current.Root.FindChild(System.Text.Encoding.UTF8.GetBytes(name))!.PartOf(Node)!;
            Assert.AreEqual(Now, part.Facts.Stamp.Seconds);
            for (var index = 0; index < part.Files.Count; index++) Assert.AreEqual(Now, part.Files[index].Stamp.Seconds);
        }

        _time.Advance(TimeSpan.FromSeconds(5));
        var before = next.State;
        next.Replace(Directory("", Directory("a", File("same", 1), File("other", 2)), Directory("b", File("same", 1))));
        Assert.AreEqual(before, next.State, "once");
    }

    // Clocks are set back by seconds, and a machine without a battery starts in 1970: neither gives an unchanged entry a new stamp.
    [TestMethod]
    [DataRow(23.0)]
    [DataRow(24.0 * 365 * 54)]
    public void ClockSetBackLittleOrToBefore2020_ChangeStampsAreKept(double hours)
    {
        First(Directory("", Directory("a", File("x", 1), File("y", 1))));
        var before = _local.State;
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(hours));
        _local.Replace(Directory("", Directory("a", File("x", 1), File("y", 1))));
        Assert.AreEqual(before, _local.State);
    }

    [TestMethod]
    public void SetBackClock_ChangeHasALaterStampThanTheOneBefore()
    {
        First(Directory("", Directory("a", File("x", 1))));
        var before = StampOfX();
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(23));

        Update([], ("/a", Directory("a", File("x", 2))));

        Assert.IsTrue(StampOfX() > before);
    }

    // Also without the mark in the state directory, as after an update from a program that wrote none.
    [TestMethod]
    public void RestoredTree_LaterChangesHaveLaterStamps()
    {
        First(Directory("", Directory("a", File("x", 1))));
        var before = StampOfX();
        var next = NewStart();
        next.Restored();
        _time.AdjustTime(_time.GetUtcNow() - TimeSpan.FromHours(23));

        next.Replace(Directory("", Directory("a", File("x", 2))));

        Assert.IsTrue(StampOfX() > before);
    }

    // What this node knew of its peers before the restart came before what changes after it.
    [TestMethod]
    public void RestoredTree_LaterChangesAreAfterThoseOfPeers()
    {
        var ofPeer = Stamp.From(_time.GetUtcNow() + TimeSpan.FromMinutes(1));
        var facts = new FileFacts(1, default, 420, ofPeer);
        _tree.Apply(NodeName.Parse("peer"), TreeModel.Patch([EntryChange.Put(VirtualPath.Parse("/a/x"), facts)]));
        var next = NewStart();
        next.Restored();

        next.Replace(Directory("", Directory("a", File("x", 2))));

        Assert.IsTrue(StampOfX() > ofPeer);
    }

    [TestMethod]
    public void ScanWithoutAChange_MakesNoStamp()
    {
        First(Directory("", Directory("a", File("x", 1))));
        _time.Advance(TimeSpan.FromSeconds(5));
        First(Directory("", Directory("a", File("x", 1))));
        Assert.AreEqual(Stamp.From(_time.GetUtcNow()), _local.Clock.Now);
    }

    [TestMethod]
    public void KnownDirectory_KeepsItsContent_AndItsNewFactsAreAnnounced()
    {
        First(Directory("", Directory("a", Directory("known", File("x", 1)))));
        var known = Directory("known");
        known.Facts = new DirectoryFacts(UnixTime.FromSeconds(7), 448);
        Update([known], ("/a", Directory("a", known)));
        AssertChanges("PutDirectory /a/known");
        Assert.IsTrue(_tree.Current.TryFind(VirtualPath.Parse("/a/known/x"), out _));
    }

    [TestMethod]
    public void KnownDirectoryInTheSameScan_IsAnnouncedWithItsOwnFacts()
    {
        First(Directory("", Directory("a", Directory("known", File("x", 1)))));
        var seenFromAbove = Directory("known");
        seenFromAbove.Facts = new DirectoryFacts(UnixTime.FromSeconds(7), 448);
        var itself = Directory("known", File("x", 1));
        itself.Facts = new DirectoryFacts(UnixTime.FromSeconds(8), 448);
        Update([seenFromAbove], ("/a", Directory("a", seenFromAbove)), ("/a/known", itself));
        AssertChanges("PutDirectory /a/known");
        Assert.AreEqual(8, _tree.Current.Root.FindChild("a"u8)!.FindChild("known"u8)!.PartOf(Node)!.Facts.Modified.Seconds);
    }

    [TestMethod]
    public void Deletions_ComeBeforeTheirReplacements()
    {
        First(Directory("", Directory("a", Directory("was-dir", File("x", 1)), File("was-file", 1))));
        Update([], ("/a", Directory("a", Directory("was-file", File("y", 1)), File("was-dir", 2))));
        AssertChanges("Delete /a/was-dir", "PutFile /a/was-dir", "Delete /a/was-file", "PutDirectory /a/was-file", "PutFile /a/was-file/y");
        Assert.IsTrue(_tree.Current.TryFind(VirtualPath.Parse("/a/was-dir"), out var file) && !file.IsDirectory);
        Assert.IsTrue(_tree.Current.TryFind(VirtualPath.Parse("/a/was-file/y"), out _));
    }

    [TestMethod]
    public void DirectoryWithManyFiles_MovesInOneUpdate()
    {
        var files = Enumerable.Range(0, 10_000).Select(index => File($"f{index:D5}", index)).ToArray();
        First(Directory("", Directory("a", Directory("tree", files)), Directory("b")));
        Update([], ("/a", Directory("a")), ("/b", Directory("b", Directory("tree", files))));
        var (changes, _) = _local.Since(1);
        Assert.AreEqual(10_002, changes!.Count);
        Assert.AreEqual("Delete /a/tree", $"{changes[0].Kind} {changes[0].Path}");
        Assert.AreEqual((10_000, 3), (_tree.Current.Totals.Files, _tree.Current.Totals.Directories));
    }

    [TestMethod]
    public void Mount_IsThePrefixOfThePaths()
    {
        var mount = VirtualPath.Parse("/m/n");
        _local.Replace(Directory("", Directory("a")).MountedAt(mount));
        var scan = new PlacesResult([new ScannedPlace(VirtualPath.Root, Directory("", Directory("a"), File("x", 1)))], new HashSet<DirectoryBuilder>(), 1, []);
        Assert.AreEqual(1, _local.Update(scan, mount));
        AssertChanges("PutFile /m/n/x");
    }

    // The tree's root is not an entry of any node.
    [TestMethod]
    public void RootsOwnFacts_AreNotAnnounced()
    {
        First(Directory("", File("x", 1)));
        var root = Directory("", File("x", 1));
        root.Facts = new DirectoryFacts(UnixTime.FromSeconds(99), 448);
        Assert.AreEqual(0, Update([], ("/", root)));
    }

    private Stamp StampOfX()
    {
        var files = _tree.Current.Root.FindChild("a"u8)!.PartOf(Node)!.Files;
        return files[files.Find("x"u8)].Stamp;
    }

    private static Action<DirectoryBuilder> File(string name, long size) =>
        directory => directory.AddFile(System.Text.Encoding.UTF8.GetBytes(name), new FileFacts(size, UnixTime.FromSeconds(1), 420));

    private static DirectoryBuilder Directory(string name, params object[] entries)
    {
        var draft = new DirectoryBuilder(System.Text.Encoding.UTF8.GetBytes(name)) { Facts = new DirectoryFacts(UnixTime.FromSeconds(1), 493) };
        foreach (var entry in entries)
        {
            if (entry is Action<DirectoryBuilder> file) file(draft);
            else Copy((DirectoryBuilder)entry, draft);
        }

        return draft;
    }

    private static void Copy(DirectoryBuilder from, DirectoryBuilder into)
    {
        var added = into.GetOrAddDirectory(from.Name);
        added.Facts = from.Facts;
        var files = from.Files();
        for (var index = 0; index < files.Count; index++) added.AddFile(files.NameSpan(index), files[index]);
        foreach (var child in from.Directories()) Copy(child, added);
    }

    private void First(DirectoryBuilder root) => _local.Replace(root.MountedAt(VirtualPath.Root));

    /// <param name="unread">The names of subdirectories that come with their facts only.</param>
    /// <param name="places">The directories that were read.</param>
    private long Update(DirectoryBuilder[] unread, params (string Path, DirectoryBuilder Draft)[] places)
    {
        var names = unread.Select(draft => draft.Name).ToHashSet(NameBytes.Comparer);
        var known = places.SelectMany(place => place.Draft.Directories()).Where(child => names.Contains(child.Name)).ToHashSet();
        return _local.Update(
            new PlacesResult([.. places.Select(place => new ScannedPlace(VirtualPath.Parse(place.Path), place.Draft))], known, 0, []), VirtualPath.Root);
    }

    private void AssertChanges(params string[] expected)
    {
        var (changes, _) = _local.Since(1);
        CollectionAssert.AreEqual(expected, changes!.Select(change => $"{change.Kind} {change.Path}").ToArray());
    }
}
