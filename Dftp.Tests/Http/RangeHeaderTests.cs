using Dftp.FileSystem;
using Dftp.Http.Files;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class RangeHeaderTests
{
    // RFC 9110, 14.1.2: "The first-pos value ... gives the offset of the first byte in a range. The last-pos value gives the offset of the
    // last byte in the range; that is, the byte positions specified are inclusive."
    [TestMethod]
    [DataRow("bytes=0-0", "0+1")]
    [DataRow("bytes=0-9", "0+10")]
    [DataRow("bytes=3-5", "3+3")]
    [DataRow("BYTES=3-5", "3+3")]
    // "If the last-pos value is absent, or if the value is greater than or equal to the current length ..., the byte range is
    // interpreted as the remainder"
    [DataRow("bytes=3-", "3+7")]
    [DataRow("bytes=9-", "9+1")]
    [DataRow("bytes=3-10", "3+7")]
    [DataRow("bytes=3-99999999999999999999999999", "3+7")]
    // "A client can request the last N bytes ... using a suffix-range. If the selected representation is shorter than the specified
    // suffix-length, the entire representation is used."
    [DataRow("bytes=-3", "7+3")]
    [DataRow("bytes=-11", "0+10")]
    [DataRow("bytes=-99999999999999999999999999", "0+10")]
    // 5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list elements"
    [DataRow("bytes=0-1, 4-5 ,\t-2", "0+2 4+2 8+2")]
    [DataRow("bytes=,0-1,,", "0+2")]
    [DataRow("bytes=8-9,0-1", "8+2 0+2")]
    // 14.1.2: "unsatisfiable" members are ignored next to a satisfiable one.
    [DataRow("bytes=50-60,0-1,-0", "0+2")]
    public void Satisfiable_GivesTheRanges(string header, string expected)
    {
        var read = RangeHeader.Read(header, 10);

        Assert.AreEqual(RangeKind.Satisfiable, read.Kind);
        Assert.AreEqual(expected, string.Join(' ', read.Ranges.Select(range => $"{range.Offset}+{range.Length}")));
    }

    // RFC 9110, 14.1.2: "An int-range is satisfiable if the first-pos ... is less than the current length"; "a suffix-range is satisfiable
    // if the suffix-length is non-zero."
    [TestMethod]
    [DataRow("bytes=10-", 10)]
    [DataRow("bytes=10-20", 10)]
    [DataRow("bytes=99999999999999999999999999-", 10)]
    [DataRow("bytes=-0", 10)]
    [DataRow("bytes=10-11,20-", 10)]
    [DataRow("bytes=0-", 0)]
    public void OutsideTheFile_IsUnsatisfiable(string header, int size) =>
        Assert.AreEqual(RangeKind.Unsatisfiable, RangeHeader.Read(header, size).Kind);

    // RFC 9110, 14.2: "An origin server MUST ignore a Range header field that contains a range unit it does not understand."
    // "A server ... MAY ignore or reject a Range header field that contains an invalid ranges-specifier".
    [TestMethod]
    [DataRow("items=0-1")]
    [DataRow("bytes")]
    [DataRow("bytes=")]
    [DataRow("bytes=,")]
    [DataRow("bytes= ")]
    [DataRow("bytes=-")]
    [DataRow("bytes=5-3")]
    [DataRow("bytes=a-b")]
    [DataRow("bytes=1")]
    [DataRow("bytes=+1-2")]
    [DataRow("bytes=1 -2")]
    [DataRow("bytes=1-2-3")]
    [DataRow("bytes=0-1,x")]
    [DataRow("bytes=٣-٤")]
    public void Malformed_IsIgnored(string header) => Assert.AreEqual(RangeKind.Ignored, RangeHeader.Read(header, 10).Kind);

    // RFC 9110, 14.2: "more than two overlapping ranges or ... many small ranges ... can be signs of either a broken client or a deliberate
    // denial-of-service attack"
    [TestMethod]
    public void OverlappingRanges_AreIgnored() => Assert.AreEqual(RangeKind.Ignored, RangeHeader.Read("bytes=0-4,4-6", 10).Kind);

    [TestMethod]
    public void SixteenRanges_AreServedAndSeventeenIgnored()
    {
        var sixteen = string.Join(',', Enumerable.Range(0, 16).Select(i => $"{2 * i}-{2 * i}"));

        Assert.AreEqual(16, RangeHeader.Read("bytes=" + sixteen, 100).Ranges.Length);
        Assert.AreEqual(RangeKind.Ignored, RangeHeader.Read($"bytes={sixteen},90-90", 100).Kind);
    }

    // Content-Range cannot express an empty range: the last bytes of an empty file are the whole file.
    [TestMethod]
    public void SuffixOfAnEmptyFile_IsTheWholeFile() => Assert.AreEqual(RangeKind.Ignored, RangeHeader.Read("bytes=-5", 0).Kind);

    // RFC 9110, 5.3: only list-based fields may have several lines, and Range is not one.
    [TestMethod]
    public void SeveralHeaderLines_AreIgnored() =>
        Assert.AreEqual(RangeKind.Ignored, RangeHeader.Read(new(["bytes=0-1", "bytes=2-3"]), 10).Kind);

    [TestMethod]
    public void GreatestFile_DoesNotOverflow()
    {
        var read = RangeHeader.Read("bytes=9223372036854775806-9223372036854775807", long.MaxValue);

        Assert.AreEqual(new ByteRange(long.MaxValue - 1, 1), read.Ranges.Single());
    }
}
