using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;
using Dftp.Tests.Cluster.LocalFiles.Watching;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dftp.Tests.Cluster.LocalFiles.Scanning;

/// <summary>Files that the node itself writes, above all copies of other nodes' files.</summary>
[TestClass]
public sealed class PutEntriesTests : IDisposable
{
    private static readonly VirtualPath Path = VirtualPath.Parse("/d/copy");

    private static readonly DateTime Modified = new(2021, 2, 3, 4, 5, 6, 7, DateTimeKind.Utc);

    private static readonly Stamp SourceStamp = Stamp.FromSeconds(1_612_325_107, 65_536);

    private readonly TempRoot _temp = new TempRoot().File("d/other", "other");
    private readonly RewrittenFiles _rewritten = new(default);
    private readonly TreeWriter _tree = new();
    private readonly LocalRoot _root;
    private readonly LocalEntries _local;

    public PutEntriesTests()
    {
        _root = _temp.Open();
        _local = new LocalEntries(TempRoot.Node, _tree, new StampClock(TempRoot.Node, TimeProvider.System), TimeProvider.System);
    }

    public void Dispose()
    {
        _root.Dispose();
        _temp.Dispose();
    }

    [TestMethod]
    public async Task Copy_HasTheStampOfItsSource_AlsoAfterAScan()
    {
        await ScanAsync();
        var facts = WriteCopy();
        _rewritten.Heard(Path.Parent, "copy"u8);

        Assert.AreEqual(SourceStamp, _local.Put(Path, facts with { Stamp = SourceStamp }, _rewritten));

        Assert.AreEqual(0, await ScanAsync());
        Assert.AreEqual(SourceStamp, Known().Stamp);
        Assert.AreEqual(_tree.Current.DigestOf(TempRoot.Node), _local.State.Digest);
        CollectionAssert.AreEqual(new[] { Path }, _local.Since(1).Changes!.Select(change => change.Path).ToList());
    }

    [TestMethod]
    public async Task FileWithoutAStamp_IsANewVersion()
    {
        await ScanAsync();
        var before = _local.Clock.Now;

        var first = _local.Put(Path, WriteCopy(), _rewritten);
        var second = _local.Put(Path, WriteCopy(), _rewritten);

        Assert.IsTrue(first > before && second > first);
        Assert.AreEqual(second, Known().Stamp);
        Assert.AreEqual(first, _local.Since(2).Changes!.Single().Before);
    }

    // The scan read the directory before the file was there.
    [TestMethod]
    [DataRow("d")]
    [DataRow("new")]
    public async Task ScanThatBeganBefore_KeepsTheFile(string directory)
    {
        var path = VirtualPath.Parse($"/{directory}/copy");
        await ScanAsync();
        var judgement = new VersionJudgement(_rewritten, _root, new HashSet<VirtualPath>());
        var scan = await new Scanner(_root, TimeProvider.System, NullLogger<Scanner>.Instance).ScanAsync(VirtualPath.Root, default);
        _local.Put(path, WriteCopy(path) with { Stamp = SourceStamp }, _rewritten);

        _local.Replace(scan.Root!.MountedAt(VirtualPath.Root), judgement);

        Assert.AreEqual(SourceStamp, Known(path).Stamp);
        await ScanAsync();
        Assert.AreEqual(SourceStamp, Known(path).Stamp);
        File.Delete(_temp.At($"{directory}/copy"));
        await ScanAsync();
        Assert.IsNull(TreePath.FileOf(_tree.Current.Root, path, TempRoot.Node), "a later scan counts");
    }

    [TestMethod]
    public async Task CopyWrittenOverByAnother_IsANewVersion()
    {
        await ScanAsync();
        _local.Put(Path, WriteCopy() with { Stamp = SourceStamp }, _rewritten);
        WriteCopy();
        _rewritten.Heard(Path.Parent, "copy"u8);

        await ScanAsync();

        Assert.IsTrue(Known() is { IsRevised: true, IsCopy: false } known && known.Stamp > SourceStamp);
    }

    // Its birth is later than its stamp, as that of a file that has taken the place of another.
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task CopyThatIsRead_IsNotTakenForAnUnheardReplacement(bool isCopy)
    {
        await ScanAsync();
        var facts = WriteCopy();
        _local.Put(Path, facts with { Stamp = SourceStamp }, _rewritten);
        if (!isCopy) _tree.Apply(TempRoot.Node, TreeModelPatch(facts with { Stamp = SourceStamp }));
        using var opened = _root.OpenFile(Path).File!;
        if (opened.Identity.Born == default) Assert.Inconclusive("the file system knows no time of birth");

        var entry = new LocalVersions(TempRoot.Node, _tree, _rewritten, TimeProvider.System).Describe(Path, opened, facts.ToEntry("copy"u8.ToArray(), TempRoot.Node));

        Assert.AreEqual(isCopy, entry.Version.Revision == 0);
    }

    [TestMethod]
    public async Task CopyBelowAWatchedRoot_KeepsTheStampOfItsSource()
    {
        await using var followed = await new FollowedRoot(_temp).StartAsync();
        for (var number = 0; number < 5; number++)
        {
            var path = VirtualPath.Parse($"/d/copy{number}");
            followed.Own.Put(path, WriteCopy(path) with { Stamp = SourceStamp }, followed.Loop.Rewritten);
        }

        _temp.File("d/last", "x");
        await followed.BecomesTheDiskAsync();

        for (var number = 0; number < 5; number++)
            Assert.AreEqual(SourceStamp, TreePath.FileOf(followed.Tree.Current.Root, VirtualPath.Parse($"/d/copy{number}"), TempRoot.Node)!.Value.Stamp);
    }

    private static DirectoryPatch TreeModelPatch(in FileFacts facts)
    {
        var patch = new DirectoryPatch();
        EntryChange.Put(Path, facts).AddTo(patch);
        return patch;
    }

    private FileFacts Known(VirtualPath? path = null) => TreePath.FileOf(_tree.Current.Root, path ?? Path, TempRoot.Node)!.Value;

    /// <summary>Writes a file as the cluster does: at another name, with the time of its source, then renamed.</summary>
    private FileFacts WriteCopy(VirtualPath? path = null)
    {
        var at = _temp.At((path ?? Path).Value);
        var staged = _temp.Outside("staged");
        File.WriteAllText(staged, "content");
        File.SetLastWriteTimeUtc(staged, Modified);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(at)!);
        File.Move(staged, at, overwrite: true);
        using var opened = _root.OpenFile(path ?? Path).File!;
        return opened.Facts;
    }

    private async Task<long> ScanAsync()
    {
        var judgement = new VersionJudgement(_rewritten, _root, new HashSet<VirtualPath>());
        var scan = await new Scanner(_root, TimeProvider.System, NullLogger<Scanner>.Instance).ScanAsync(VirtualPath.Root, default);
        // The directory's own time of change is not what these tests are about.
        foreach (var directory in scan.Root!.Directories()) directory.Facts = new DirectoryFacts(default, 0);
        return _local.Replace(scan.Root.MountedAt(VirtualPath.Root), judgement);
    }
}
