using System.Text;
using Dftp.Http.FastPath;

namespace Dftp.Tests.Http.FastPath;

/// <summary>Another request must never be taken for a plain one; a plain one taken for another only costs a little time.</summary>
[TestClass]
public sealed class RequestHeadTests
{
    [TestMethod]
    [DataRow("GET /fs/a HTTP/1.1\r\nHost: x\r\n\r\n", "/fs/a")]
    [DataRow("GET / HTTP/1.1\r\nHost: x.example:80\r\n\r\n", "/")]
    [DataRow("GET /a%20b?redirN=1 HTTP/1.1\r\nhost:10.0.0.1:7001\r\n\r\n", "/a%20b?redirN=1")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nUser-Agent: curl/8\r\nAccept: */*\r\nConnection: Keep-Alive\r\nAccept-Encoding: gzip\r\n\r\n", "/a")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nReferer: http://x/\r\nCookie: a=b\r\nDNT: 1\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\r\n", "/a")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n", "/a")]
    public void Read_UsualRequest_IsPlain(string request, string target)
    {
        var bytes = Encoding.Latin1.GetBytes(request);

        Assert.AreEqual(RequestKind.Plain, RequestHead.Read(bytes, cookiesCount: false, out var range, out var length));
        Assert.AreEqual(target, Encoding.Latin1.GetString(bytes[range]));
        Assert.AreEqual(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4, length);
    }

    [TestMethod]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"1\"\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nWant-Repr-Digest: sha-256=1\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nSec-Fetch-Mode: navigate\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nX-Unheard-Of: 1\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nUser-Agent: \u00e9\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: a b\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x:port\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost:\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n")]
    [DataRow("GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("GET /a\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")]
    public void Read_RequestForSomethingElse_IsOther(string request) => Assert.AreEqual(RequestKind.Other, Read(request, out _));

    // A head that cannot be plain any more goes to the server at once, which has the limits on time and size.
    [TestMethod]
    [DataRow("P")]
    [DataRow("GET h")]
    [DataRow("\n")]
    [DataRow("\r\n")]
    [DataRow("GET /a HTTP/1.1\n")]
    [DataRow("GET /a HTTP/1.0\r\n")]
    [DataRow("GET /a b HTTP/1.1\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nRange: bytes=0-1\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\n\n")]
    public void Read_BeginningThatCannotBecomePlain_IsOther(string beginning) => Assert.AreEqual(RequestKind.Other, Read(beginning, out _));

    // RFC 9112 section 6.3: the fields decide where a message ends. A front that sees another end than the server allows request
    // smuggling.
    [TestMethod]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\r\n: nameless\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\nHost: x\n\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nHost: x\n\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1\r\nUser-Agent: a\rb\r\nHost: x\r\n\r\n")]
    [DataRow("GET /a HTTP/1.0\r\nHost: x\r\n\r\n")]
    [DataRow("GET /a\r\n\r\n")]
    [DataRow("GET /a HTTP/1.1x\r\nHost: x\r\n\r\n")]
    [DataRow("get /a HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("POST /a HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n")]
    [DataRow("\r\n\r\n")]
    public void Read_WhateverMayGoOn_IsOther(string request) => Assert.AreEqual(RequestKind.Other, Read(request, out _));

    [TestMethod]
    public void Read_EveryBeginning_IsIncomplete()
    {
        const string Request = "GET /fs/a HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";
        for (var count = 0; count < Request.Length; count++) Assert.AreEqual(RequestKind.Incomplete, Read(Request[..count], out _),
            $"{count} bytes");
    }

    [TestMethod]
    public void Read_LongRequest_IsOther_WholeOrNot()
    {
        var request = $"GET /a HTTP/1.1\r\nHost: x\r\nCookie: {new string('c', 5000)}\r\n\r\n";

        Assert.AreEqual(RequestKind.Other, Read(request, out _));
        Assert.AreEqual(RequestKind.Other, Read(request[..4096], out _));
        Assert.AreEqual(RequestKind.Incomplete, Read(request[..4095], out _));
    }

    private static RequestKind Read(string request, out int length) =>
        RequestHead.Read(Encoding.Latin1.GetBytes(request), cookiesCount: false, out _, out length);
}
