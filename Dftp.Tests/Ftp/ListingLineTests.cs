using System.Buffers;
using System.Text;
using Dftp.FileSystem;
using Dftp.Ftp.Control;
using Dftp.Ftp.Data;
using Dftp.Ftp.Listing;
using Dftp.Tests.Support;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class ListingLineTests
{
    private static readonly DateTimeOffset Now = new(2024, 6, 30, 12, 0, 0, TimeSpan.Zero);

    // Older than half a year, or in the future: the year stands in place of the hour.
    [TestMethod]
    [DataRow("2024-06-30T12:00:00Z", "Jun 30 12:00")]
    [DataRow("2024-06-05T01:02:59Z", "Jun  5 01:02")]
    [DataRow("2024-01-01T00:00:00Z", "Jan  1 00:00")]
    [DataRow("2023-12-30T00:00:00Z", "Dec 30  2023")]
    [DataRow("2024-06-30T12:00:01Z", "Jun 30  2024")]
    [DataRow("2031-02-03T04:05:06Z", "Feb  3  2031")]
    [DataRow("1969-12-31T23:59:59Z", "Dec 31  1969")]
    public void UnixLine_ShowsTheTime(string modified, string expected)
    {
        var entry = File("x", 1, UnixTime.From(DateTimeOffset.Parse(modified, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.AreEqual($"-rw-r--r--   1 ftp      ftp                 1 {expected} x\r\n", Unix(entry));
    }

    [TestMethod]
    public void UnixLine_ShowsSizesOfAnyLength()
    {
        StringAssert.StartsWith(Unix(File("x", 0, default)), "-rw-r--r--   1 ftp      ftp                 0 Jan");
        StringAssert.StartsWith(Unix(File("x", long.MaxValue, default)), "-rw-r--r--   1 ftp      ftp      9223372036854775807 Jan");
    }

    [TestMethod]
    public void UnixLine_ShowsTheMode()
    {
        var entry = new Entry("d"u8.ToArray(), true, 0, default, 0b111_101_000, MemoryFileTree.Node);
        StringAssert.StartsWith(Unix(entry), "drwxr-x---   1 ");
    }

    // A name never adds a CR or LF to a listing.
    [TestMethod]
    public void Lines_NeverContainAControlCharacterOfAName()
    {
        var entry = File("a\r\nb\u007fc\0", 1, default);
        StringAssert.EndsWith(Unix(entry), " a??b?c?\r\n");
        StringAssert.EndsWith(Render(NameLine.For("d\n/"), entry), "d?/a??b?c?\r\n");
        StringAssert.EndsWith(Render(FactLine.For(VirtualPath.Root, Facts.All), entry), "; a??b?c?\r\n");
    }

    [TestMethod]
    public void Lines_ContainTheLongestNames()
    {
        var name = new string('é', VirtualPath.MaxNameBytes / 2);
        StringAssert.EndsWith(Unix(File(name, 1, default)), $" {name}\r\n");
        StringAssert.EndsWith(Render(FactLine.For(VirtualPath.Root, Facts.All), File(name, long.MaxValue, default)), $"; {name}\r\n");
    }

    [TestMethod]
    [DataRow("*", "", true)]
    [DataRow("*", "any", true)]
    [DataRow("*.txt", "a.txt", true)]
    [DataRow("*.txt", "a.txt.gz", false)]
    [DataRow("a*b*c", "aXbYbZc", true)]
    [DataRow("a*b*c", "acb", false)]
    [DataRow("?", "é", true)]
    [DataRow("?", "😀", true)]
    [DataRow("??", "é", false)]
    [DataRow("[a-c]x", "bx", true)]
    [DataRow("[a-c]x", "dx", false)]
    [DataRow("[!a-c]x", "dx", true)]
    [DataRow("[^a-c]x", "ax", false)]
    [DataRow("[]]", "]", true)]
    [DataRow("[!]]", "]", false)]
    [DataRow("[a-]", "-", true)]
    [DataRow("[ab", "[ab", true)]
    [DataRow("[", "[", true)]
    [DataRow("\\*", "*", true)]
    [DataRow("\\*", "x", false)]
    [DataRow("A", "a", false)]
    public void Wildcard_MatchesAsAShellDoes(string pattern, string name, bool matches) =>
        Assert.AreEqual(matches, new Wildcard(pattern).Matches(Encoding.UTF8.GetBytes(name)));

    [TestMethod]
    public void Wildcard_WithManyStars_IsFast() =>
        Assert.IsFalse(new Wildcard(string.Concat(Enumerable.Repeat("*a", 200)) + "b").Matches([.. Enumerable.Repeat((byte)'a', 1000)]));

    [TestMethod]
    public void LineEndings_DoNotDependOnTheBlocksOfTheFile()
    {
        var text = "a\nb\r\n\n\r\n\rc\r\n\r\r\n"u8.ToArray();
        var expected = "a\r\nb\r\n\r\n\r\n\rc\r\n\r\r\n";
        for (var size = 1; size <= text.Length; size++)
        {
            var endings = new NetworkLineEndings();
            using var all = new MemoryStream();
            var target = new byte[2 * size];
            foreach (var piece in text.Chunk(size)) all.Write(target, 0, endings.Convert(piece, target));
            Assert.AreEqual(expected, Encoding.UTF8.GetString(all.ToArray()), $"pieces of {size}");
        }
    }

    private static Entry File(string name, long size, UnixTime modified) =>
        new(Encoding.UTF8.GetBytes(name), false, size, modified, 0b110_100_100, MemoryFileTree.Node);

    private static string Unix(Entry entry) =>
        Render((IBufferWriter<byte> output, in Entry one) => UnixLine.Write(output, one, Now), entry);

    private static string Render(LineFormat format, Entry entry)
    {
        var output = new ArrayBufferWriter<byte>();
        format(output, entry);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
