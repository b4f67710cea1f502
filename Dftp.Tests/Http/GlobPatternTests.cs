using System.Text;
using Dftp.FileSystem;
using Dftp.Http.Search;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class GlobPatternTests
{
    [TestMethod]
    [DataRow("*", "anything", true)]
    [DataRow("*.txt", "a.TXT", true)]
    [DataRow("*.txt", "a.txt.bak", false)]
    [DataRow("A*C", "abbbc", true)]
    [DataRow("a*b*c", "a-b-b-c", true)]
    [DataRow("a*b*c", "a-c-b", false)]
    [DataRow("???", "日本語", true)]
    [DataRow("?", "😀", true)]
    [DataRow("?", "ab", false)]
    [DataRow("É*", "école", true)]
    [DataRow("[a-c]x", "Bx", true)]
    [DataRow("[!a-c]x", "bx", false)]
    [DataRow("[^a-c]x", "dx", true)]
    [DataRow("[]]x", "]x", true)]
    [DataRow("[a-]x", "-x", true)]
    [DataRow("part", "a PARTial name", true)]
    [DataRow("part", "another", false)]
    [DataRow(@"\*", "*", true)]
    [DataRow(@"\*", "x", false)]
    [DataRow(@"a\[b", "A[B", true)]
    public void Pattern_MatchesWholeNamesRegardlessOfCase(string pattern, string name, bool matches)
    {
        Assert.IsTrue(GlobPattern.TryParse(pattern, out var parsed));
        Assert.AreEqual(matches, parsed.Matches(Encoding.UTF8.GetBytes(name)));
    }

    // Unicode Standard Annex #15: canonically equivalent strings are the same text. macOS writes the long form, Linux the short one.
    [TestMethod]
    [DataRow("übung", "\u00DCbung.txt", true)]
    [DataRow("übung", "U\u0308bung.txt", true)]
    [DataRow("u\u0308bung", "\u00DCbung.txt", true)]
    [DataRow("U\u0308BUNG*", "u\u0308bung.txt", true)]
    [DataRow("?bung", "U\u0308bung", true)]
    [DataRow("[ä-ü]bung", "U\u0308bung", true)]
    [DataRow("ubung", "U\u0308bung", false)]
    [DataRow("й", "и\u0306", true)]
    [DataRow("か\u3099", "が", true)]
    [DataRow("한글", "\u1112\u1161\u11AB\u1100\u1173\u11AF", true)]
    [DataRow("???", "한\u1100\u1173\u11AF.", true)]
    [DataRow("ệ", "e\u0302\u0323", true)]
    [DataRow("*.txt", "\u1EBF\u0323.TXT", true)]
    public void NormalForm_MakesNoDifference(string pattern, string name, bool matches)
    {
        Assert.IsTrue(GlobPattern.TryParse(pattern, out var parsed));
        Assert.AreEqual(matches, parsed.Matches(Encoding.UTF8.GetBytes(name)));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("[a")]
    [DataRow("[]")]
    [DataRow("x\\")]
    public void BrokenPattern_IsRefused(string pattern) => Assert.IsFalse(GlobPattern.TryParse(pattern, out _));

    [TestMethod]
    [DataRow("report", "report")]
    [DataRow("*.TAR.gz", ".tar.gz")]
    [DataRow("ab?cde[xy]f", "cde")]
    [DataRow("É1", "1")]
    [DataRow("*?", "")]
    public void Literal_IsTheLongestAsciiThatEveryMatchHas(string pattern, string literal)
    {
        Assert.IsTrue(GlobPattern.TryParse(pattern, out var parsed));
        Assert.AreEqual(literal, Encoding.ASCII.GetString(parsed.Literal));
    }

    // Its lower case is an ASCII k, which the literal would not find in names.
    [TestMethod]
    public void KelvinSign_IsNotK()
    {
        Assert.IsTrue(GlobPattern.TryParse("k", out var pattern));
        Assert.IsFalse(pattern.Matches("\u212A"u8));
        Assert.IsTrue(GlobPattern.TryParse("\u212A", out var sign));
        Assert.IsTrue(sign.Matches("\u212A"u8));
    }

    // A set with thousands of members would be compared with every character of a million names.
    [TestMethod]
    public void PatternThatNoNameNeeds_IsRefused() =>
        Assert.IsFalse(GlobPattern.TryParse("*[" + new string('|', 2 * VirtualPath.MaxNameBytes) + "]", out _));

    [TestMethod]
    [DataRow("[a-cb-da-ax]", "abcdx", "e")]
    [DataRow("[zx-ya]", "axyz", "b")]
    public void OverlappingMembersOfASet_CountOnce(string set, string members, string others)
    {
        Assert.IsTrue(GlobPattern.TryParse(set, out var pattern));
        foreach (var member in members) Assert.IsTrue(pattern.Matches([(byte)member]), $"{member}");
        foreach (var other in others) Assert.IsFalse(pattern.Matches([(byte)other]), $"{other}");
    }

    // If each star tried every position, the test would never end.
    [TestMethod]
    [Timeout(10_000)]
    public void ManyStars_TakeNoExponentialTime()
    {
        Assert.IsTrue(GlobPattern.TryParse(string.Concat(Enumerable.Repeat("a*", 200)) + "b", out var pattern));
        Assert.IsFalse(pattern.Matches(Encoding.UTF8.GetBytes(new string('a', 1000))));
    }
}
