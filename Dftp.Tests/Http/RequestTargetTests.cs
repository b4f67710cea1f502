using Dftp.Routes;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class RequestTargetTests
{
    // RFC 9112, 3.2.2: "a server MUST accept the absolute-form in requests".
    [TestMethod]
    [DataRow("/fs/x?a=b?c", "/fs/x", "?a=b?c")]
    [DataRow("/", "/", "")]
    [DataRow("//host/x", "//host/x", "")]
    [DataRow("http://host/fs/x?y", "/fs/x", "?y")]
    [DataRow("http://host", "/", "")]
    [DataRow("http://host?y", "/", "?y")]
    public void Target_IsSplitIntoPathAndQuery(string raw, string path, string query)
    {
        Assert.IsTrue(RequestTarget.TryParse(raw, out var target));
        Assert.AreEqual(new RequestTarget(path, query), target);
    }

    // RFC 9112, 3.2.3 and 3.2.4: authority-form belongs to CONNECT, asterisk-form to OPTIONS.
    [TestMethod]
    [DataRow("host:80")]
    [DataRow("*")]
    [DataRow("")]
    public void OtherForms_AreRefused(string raw) => Assert.IsFalse(RequestTarget.TryParse(raw, out _));

    // RFC 3986, 2.4: "Implementations must not percent-encode or decode the same string more than once".
    [TestMethod]
    [DataRow("", "/")]
    [DataRow("a/b", "/a/b")]
    [DataRow("a//b/", "/a/b")]
    [DataRow("a%20b", "/a b")]
    [DataRow("a%2520b", "/a%20b")]
    [DataRow("%252F", "/%2F")]
    [DataRow("%c3%BC", "/ü")]
    [DataRow("%F0%9F%98%80", "/😀")]
    [DataRow("a+b", "/a+b")]
    [DataRow("a%3Fb%23c", "/a?b#c")]
    [DataRow("a%5Cb", "/a\\b")]
    [DataRow("../../x/./y/..", "/x")]
    [DataRow("%2e%2e/x", "/x")]
    public void Path_IsDecodedOnce(string encoded, string expected)
    {
        Assert.AreEqual(PathDecoding.Decoded, RequestTarget.DecodePath(encoded, out var path));
        Assert.AreEqual(expected, path.Value);
    }

    // RFC 3986, 2.1: "A percent-encoded octet is encoded as a character triplet". RFC 3629, 3: "Implementations of the decoding algorithm
    // MUST protect against decoding invalid sequences."
    [TestMethod]
    [DataRow("%")]
    [DataRow("a%2")]
    [DataRow("%zz")]
    [DataRow("% 1")]
    [DataRow("%ff")]
    [DataRow("%c3/%bc")]
    [DataRow("%C0%AF")]
    [DataRow("%ED%A0%80")]
    [DataRow("ü")]
    public void BrokenEncoding_IsMalformed(string encoded) =>
        Assert.AreEqual(PathDecoding.Malformed, RequestTarget.DecodePath(encoded, out _));

    // An encoded slash is data, not a delimiter (RFC 3986, 2.2), and no name can contain it.
    [TestMethod]
    [DataRow("a%2Fb")]
    [DataRow("..%2f..%2fetc")]
    [DataRow("%00")]
    [DataRow("a%0Ab")]
    [DataRow("%7F")]
    public void NameThatNoFileCanHave_IsNoName(string encoded) =>
        Assert.AreEqual(PathDecoding.NoName, RequestTarget.DecodePath(encoded, out _));

    [TestMethod]
    public void OverlongNameAndPath_AreNoName()
    {
        Assert.AreEqual(PathDecoding.NoName, RequestTarget.DecodePath(new string('x', 1021), out _));
        Assert.AreEqual(PathDecoding.NoName, RequestTarget.DecodePath(string.Concat(Enumerable.Repeat("x/", 2049)), out _));
    }
}
