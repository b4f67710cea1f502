using Dftp.FileSystem;

namespace Dftp.Tests.FileSystem;

[TestClass]
public sealed class VirtualPathTests
{
    [TestMethod]
    [DataRow("", "/")]
    [DataRow("/", "/")]
    [DataRow("//", "/")]
    [DataRow("a", "/a")]
    [DataRow("/a/b", "/a/b")]
    [DataRow("a//b/", "/a/b")]
    [DataRow("/a/./b/.", "/a/b")]
    [DataRow("/a/../b", "/b")]
    [DataRow("/../../a", "/a")]
    [DataRow("/a/b/../..", "/")]
    [DataRow("/a/b/../../..", "/")]
    [DataRow("...", "/...")]
    [DataRow("/ünï/☃/𝄞", "/ünï/☃/𝄞")]
    [DataRow("/a\\b", "/a\\b")]
    public void Parse_NormalisesAndStopsAtTheRoot(string text, string expected)
    {
        Assert.IsTrue(VirtualPath.TryParse(text, out var path));
        Assert.AreEqual(expected, path.Value);
        Assert.AreEqual(path, VirtualPath.Parse(path.Value));
    }

    [TestMethod]
    [DataRow("/a\nb")]
    [DataRow("/a\0b")]
    [DataRow("/\u007f")]
    [DataRow("/\u0085")]
    [DataRow("/ok/bad\r")]
    public void Parse_ControlCharacter_IsRefused(string text) => Assert.IsFalse(VirtualPath.TryParse(text, out _));

    // An attribute cannot contain these: it is stored as UTF-8.
    [TestMethod]
    public void Parse_UnpairedSurrogate_IsRefused()
    {
        foreach (var text in new[] { "/\ud800", "/\udc00\ud800", "/a\ud83d", "/\ude00b", "/\ud83d\ude00\ud83d" })
            Assert.IsFalse(VirtualPath.TryParse(text, out _));
        Assert.IsTrue(VirtualPath.TryParse("/\ud83d\ude00\ufffd", out _));
    }

    [TestMethod]
    public void Parse_NameOrPathTooLong_IsRefused()
    {
        Assert.IsTrue(VirtualPath.TryParse(new string('x', VirtualPath.MaxNameBytes), out _));
        Assert.IsFalse(VirtualPath.TryParse(new string('x', VirtualPath.MaxNameBytes + 1), out _));
        Assert.IsTrue(VirtualPath.TryParse(string.Concat(Enumerable.Repeat("/x", VirtualPath.MaxPathBytes / 2)), out _));
        Assert.IsFalse(VirtualPath.TryParse(string.Concat(Enumerable.Repeat("/x", VirtualPath.MaxPathBytes / 2 + 1)), out _));
    }

    [TestMethod]
    [DataRow("/a/b", "c", "/a/b/c")]
    [DataRow("/a/b", "../c", "/a/c")]
    [DataRow("/a/b", "/c", "/c")]
    [DataRow("/a/b", "../../../..", "/")]
    [DataRow("/", "..", "/")]
    [DataRow("/", "x", "/x")]
    [DataRow("/a", "", "/a")]
    public void Resolve_CountsFromTheDirectoryUnlessItStartsWithASlash(string directory, string text, string expected)
    {
        Assert.IsTrue(VirtualPath.Parse(directory).TryResolve(text, out var path));
        Assert.AreEqual(expected, path.Value);
    }

    [TestMethod]
    public void Parts_OfAPath()
    {
        var path = VirtualPath.Parse("/a/b");
        Assert.AreEqual("b", path.Name);
        Assert.AreEqual("/a", path.Parent.Value);
        Assert.AreEqual("/", path.Parent.Parent.Value);
        Assert.AreEqual("/", VirtualPath.Root.Parent.Value);
        Assert.AreEqual("", VirtualPath.Root.Name);
        Assert.AreEqual("a/b", path.Relative.ToString());
        Assert.AreEqual("/a/b/c", path.Child("c").Value);
        Assert.ThrowsExactly<FormatException>(() => path.Child("c/d"));
        Assert.ThrowsExactly<FormatException>(() => path.Child(".."));
    }

    [TestMethod]
    [DataRow("/a/b", "/a", true)]
    [DataRow("/a", "/a", true)]
    [DataRow("/ab", "/a", false)]
    [DataRow("/", "/a", false)]
    [DataRow("/a", "/", true)]
    public void IsSameOrUnder_LooksAtWholeNames(string path, string directory, bool expected) =>
        Assert.AreEqual(expected, VirtualPath.Parse(path).IsSameOrUnder(VirtualPath.Parse(directory)));
}
