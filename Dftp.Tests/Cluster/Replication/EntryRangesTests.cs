using Dftp.Cluster.Replication;

namespace Dftp.Tests.Cluster.Replication;

[TestClass]
public sealed class EntryRangesTests
{
    [TestMethod]
    [DataRow("0:0")]
    [DataRow("9:")]
    [DataRow("8:0,3,ff")]
    [DataRow("20:0,1,fffff")]
    public void Text_IsReadAndWrittenAlike(string text) => Assert.AreEqual(text, EntryRanges.Parse(text, out _)!.ToString());

    [TestMethod]
    [DataRow("", "BITS:PREFIX")]
    [DataRow("8", "BITS:PREFIX")]
    [DataRow("8:x", "BITS:PREFIX")]
    [DataRow("8:1,", "BITS:PREFIX")]
    [DataRow("-1:0", "BITS:PREFIX")]
    [DataRow("8:1:2", "BITS:PREFIX")]
    [DataRow("8:123456789", "BITS:PREFIX")]
    [DataRow("21:0", "20 are allowed")]
    [DataRow("8:100", "longer than 8 bits")]
    [DataRow("8:3,3", "not ascending")]
    [DataRow("8:3,2", "not ascending")]
    public void TextThatIsNone_IsRefusedWithASentence(string text, string sentence)
    {
        Assert.IsNull(EntryRanges.Parse(text, out var problem));
        StringAssert.Contains(problem, sentence);
    }

    [TestMethod]
    public void MoreRangesThanAllowed_AreRefused()
    {
        var most = new EntryRanges(EntryRanges.MaxBits, [.. Enumerable.Range(0, EntryRanges.MaxCount).Select(prefix => (uint)prefix)]);
        Assert.IsNotNull(EntryRanges.Parse(most.ToString(), out _));

        Assert.IsNull(EntryRanges.Parse($"{most},fffff", out var problem));
        StringAssert.Contains(problem, $"{EntryRanges.MaxCount} are allowed");
    }

    [TestMethod]
    public void Entry_IsInTheRangeOfThePrefixOfItsHash()
    {
        var ranges = new EntryRanges(4, [0x0, 0x7, 0xF]);

        Assert.AreEqual(0, ranges.IndexOf(0x0FFF_FFFF_FFFF_FFFF));
        Assert.AreEqual(1, ranges.IndexOf(0x7000_0000_0000_0000));
        Assert.AreEqual(2, ranges.IndexOf(ulong.MaxValue));
        Assert.IsTrue(ranges.IndexOf(0x8000_0000_0000_0000) < 0);
        Assert.AreEqual(0, EntryRanges.All.IndexOf(ulong.MaxValue), "prefixes of no bits");
    }
}
