using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Index;

[TestClass]
public sealed class ChangeLogTests
{
    private readonly ChangeLog _log = new();

    [TestMethod]
    public void Changes_AreReturnedInOrderFromAnyState()
    {
        _log.Append([Delete("/a"), Delete("/b")], 10);
        _log.Append([Delete("/c")], 20);

        Assert.AreEqual(2, _log.Sequence);
        CollectionAssert.AreEqual(new[] { "/a", "/b", "/c" }, Since(0));
        CollectionAssert.AreEqual(new[] { "/c" }, Since(1));
        CollectionAssert.AreEqual(Array.Empty<string>(), Since(2));
    }

    [TestMethod]
    public void FutureState_HasNoChanges() => Assert.IsNull(_log.Since(1));

    [TestMethod]
    public void TooManyChanges_OnlyLaterStatesAreAvailable()
    {
        _log.Append([Delete("/a")], 30);
        _log.Append(null, 40);
        _log.Append([Delete("/b")], 50);

        Assert.IsNull(_log.Since(0));
        Assert.IsNull(_log.Since(1));
        CollectionAssert.AreEqual(new[] { "/b" }, Since(2));
    }

    // Some ten megabytes; beyond it a full update is hardly dearer.
    [TestMethod]
    public void BatchOfMoreThanTheLogHolds_IsNotKept()
    {
        _log.Append([.. Enumerable.Repeat(Delete("/a"), 50_001)], 60);

        Assert.IsNull(_log.Since(0));
        CollectionAssert.AreEqual(Array.Empty<string>(), Since(1));
    }

    [TestMethod]
    public void MoreThanTheLogHolds_TheOldestBatchesGo()
    {
        _log.Append([Delete("/a")], 70);
        _log.Append([Delete("/b")], 80);
        _log.Append([.. Enumerable.Repeat(Delete("/c"), 49_998)], 90);
        Assert.AreEqual(50_000, _log.Since(0)!.Count);

        _log.Append([Delete("/d")], 100);

        Assert.IsNull(_log.Since(0));
        Assert.AreEqual(50_000, _log.Since(1)!.Count);
        Assert.AreEqual("/b", _log.Since(1)![0].Path.Value);
    }

    // A node that started again, or whose peer did, is known by what it held.
    [TestMethod]
    public void State_IsFoundByItsDigest_WithinTheLog()
    {
        var log = new ChangeLog(digest: 7);
        log.Append([Delete("/a")], 8);
        log.Append([Delete("/b")], 9);
        log.Append([Delete("/c")], 8);

        Assert.AreEqual(0, log.SequenceOf(7));
        Assert.AreEqual(3, log.SequenceOf(8), "the last of two states that are the same");
        Assert.AreEqual(2, log.SequenceOf(9));
        Assert.IsNull(log.SequenceOf(10));

        log.Append(null, 11);
        Assert.IsNull(log.SequenceOf(7));
        Assert.AreEqual(4, log.SequenceOf(11));
    }

    private string[]? Since(long sequence) => _log.Since(sequence)?.Select(change => change.Path.Value).ToArray();

    private static EntryChange Delete(string path) => EntryChange.Delete(VirtualPath.Parse(path), new Stamp(1));
}
