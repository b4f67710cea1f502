using Dftp.FileSystem;

namespace Dftp.Tests.FileSystem;

[TestClass]
public sealed class ValueTests
{
    [TestMethod]
    [DataRow("server1", true)]
    [DataRow("nas.home.example", true)]
    [DataRow("büro", true)]
    [DataRow("", false)]
    [DataRow("a b", false)]
    [DataRow("a/b", false)]
    [DataRow("a;b", false)]
    [DataRow("a,b", false)]
    [DataRow("a=b", false)]
    [DataRow("a\"b", false)]
    [DataRow("a\nb", false)]
    public void NodeName_TakesWhatCanStandInHeadersAndLogLines(string text, bool expected) =>
        Assert.AreEqual(expected, NodeName.TryParse(text, out _));

    [TestMethod]
    public void NodeName_OfMoreThan255Bytes_IsRefused()
    {
        Assert.IsTrue(NodeName.TryParse(new string('x', 255), out _));
        Assert.IsFalse(NodeName.TryParse(new string('ü', 128), out _));
    }

    [TestMethod]
    [DataRow(0L, 0L)]
    [DataRow(1_500_000_000L, 1L)]
    [DataRow(-1L, -1L)]
    [DataRow(-1_000_000_000L, -1L)]
    [DataRow(-1_000_000_001L, -2L)]
    public void UnixTime_SecondsAreRoundedTowardsThePast(long nanoseconds, long seconds) =>
        Assert.AreEqual(seconds, new UnixTime(nanoseconds).Seconds);

    [TestMethod]
    public void UnixTime_OutsideOfTheRepresentableYears_IsTheNearest()
    {
        Assert.AreEqual(long.MaxValue, UnixTime.FromSeconds(long.MaxValue).Nanoseconds);
        Assert.AreEqual(long.MinValue, UnixTime.FromSeconds(long.MinValue).Nanoseconds);
        Assert.AreEqual(2262, new UnixTime(long.MaxValue).ToDateTimeOffset().Year);
    }

    [TestMethod]
    public void UnixTime_ComesBackFromADate()
    {
        var time = new DateTimeOffset(1969, 12, 31, 23, 59, 59, TimeSpan.Zero).AddTicks(1234567);
        Assert.AreEqual(time, UnixTime.From(time).ToDateTimeOffset());
        Assert.AreEqual(-1, UnixTime.From(time).Seconds);
    }

    [TestMethod]
    public void ByteRange_ThatIsNone_IsRefused()
    {
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ByteRange(-1, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ByteRange(0, -1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new ByteRange(1, long.MaxValue));
        Assert.AreEqual(7, new ByteRange(3, 4).End);
    }
}
