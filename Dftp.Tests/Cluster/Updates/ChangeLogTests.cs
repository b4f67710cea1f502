using Dftp.Cluster.Updates;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Updates;

[TestClass]
public sealed class ChangeLogTests
{
    private readonly ChangeLog _log = new();

    [TestMethod]
    public void Changes_AreToldInOrderFromAnyStateOn()
    {
        _log.Append([Delete("/a"), Delete("/b")]);
        _log.Append([Delete("/c")]);

        Assert.AreEqual(2, _log.Sequence);
        CollectionAssert.AreEqual(new[] { "/a", "/b", "/c" }, Since(0));
        CollectionAssert.AreEqual(new[] { "/c" }, Since(1));
        CollectionAssert.AreEqual(Array.Empty<string>(), Since(2));
    }

    [TestMethod]
    public void StateThatIsNotYet_CannotBeTold() => Assert.IsNull(_log.Since(1));

    [TestMethod]
    public void TooManyToTellOneByOne_OnlyLaterStatesCanBeTold()
    {
        _log.Append([Delete("/a")]);
        _log.Append(null);
        _log.Append([Delete("/b")]);

        Assert.IsNull(_log.Since(0));
        Assert.IsNull(_log.Since(1));
        CollectionAssert.AreEqual(new[] { "/b" }, Since(2));
    }

    // Some ten megabytes; beyond it a full update is hardly dearer.
    [TestMethod]
    public void BatchOfMoreThanTheLogHolds_IsNotKept()
    {
        _log.Append([.. Enumerable.Repeat(Delete("/a"), 50_001)]);

        Assert.IsNull(_log.Since(0));
        CollectionAssert.AreEqual(Array.Empty<string>(), Since(1));
    }

    [TestMethod]
    public void MoreThanTheLogHolds_TheOldestBatchesGo()
    {
        _log.Append([Delete("/a")]);
        _log.Append([Delete("/b")]);
        _log.Append([.. Enumerable.Repeat(Delete("/c"), 49_998)]);
        Assert.AreEqual(50_000, _log.Since(0)!.Count);

        _log.Append([Delete("/d")]);

        Assert.IsNull(_log.Since(0));
        Assert.AreEqual(50_000, _log.Since(1)!.Count);
        Assert.AreEqual("/b", _log.Since(1)![0].Path.Value);
    }

    private string[]? Since(long sequence) => _log.Since(sequence)?.Select(change => change.Path.Value).ToArray();

    private static EntryChange Delete(string path) => EntryChange.Delete(VirtualPath.Parse(path), 1);
}
