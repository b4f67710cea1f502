using System.Text;
using Dftp.Cluster.Connections;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Connections;

[TestClass]
public sealed class PeerResponseHeadTests
{
    private const string Whole =
        "HTTP/1.1 206 Partial Content\r\nServer: x\r\ncontent-length: 4\r\nContent-Range:bytes 2-5/10 \r\nX-Dftp-Modified: -17\r\n"
        + "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\nRepr-Digest: sha-512=:AA==:, sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r\n\r\n";

    [TestMethod]
    public void EveryBeginning_IsIncompleteUntilTheEmptyLine()
    {
        var bytes = Bytes(Whole + "body");
        for (var arrived = 0; arrived < Whole.Length; arrived++)
            Assert.AreEqual(HeadOutcome.Incomplete, PeerResponseHead.Read(bytes.AsSpan(0, arrived), out _, out _), $"after {arrived}");

        for (var arrived = Whole.Length; arrived <= bytes.Length; arrived++)
        {
            Assert.AreEqual(HeadOutcome.Complete, PeerResponseHead.Read(bytes.AsSpan(0, arrived), out var head, out var length));
            Assert.AreEqual(Whole.Length, length);
            Assert.AreEqual(206, head.Status);
            Assert.AreEqual(4L, head.ContentLength);
            Assert.IsFalse(head.IsChunked || head.Closes || head.IsInterim);
            var facts = new PeerFileFacts(4, 2, 5, 10, new UnixTime(-17), UnixTime.FromSeconds(1_700_000_000), ContentDigest.OfNothing);
            Assert.AreEqual(facts, head.Facts);
        }
    }

    [TestMethod]
    [DataRow("HTTP/2.0 200 OK\r\n\r\n")]
    [DataRow("HTTP/1.2 200 OK\r\n\r\n")]
    [DataRow("HTTP/1.1  200 OK\r\n\r\n")]
    [DataRow("HTTP/1.1 20 OK\r\n\r\n")]
    [DataRow("HTTP/1.1 2000 OK\r\n\r\n")]
    [DataRow("HTTP/1.1 099 OK\r\n\r\n")]
    [DataRow("HTTP/1.1 2x0 OK\r\n\r\n")]
    [DataRow("SSH-2.0")]
    [DataRow("\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nA: b\nContent-Length: 3\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\n: 3\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [DataRow("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [DataRow("HTTP/1.1 101 Switching Protocols\r\n\r\n")]
    public void HostileHead_IsRefused(string head) =>
        Assert.AreEqual(HeadOutcome.Malformed, PeerResponseHead.Read(Bytes(head), out _, out _));

    [TestMethod]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 3, false, false)]
    [DataRow("HTTP/1.1 200\r\nContent-Length: 3\r\nConnection: x, Close\r\n\r\n", 3, false, true)]
    [DataRow("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", null, true, false)]
    [DataRow("HTTP/1.1 200 OK\r\n\r\n", null, false, true)]
    [DataRow("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n", 3, false, true)]
    public void Framing_SaysWhereTheBodyEnds(string text, int? length, bool isChunked, bool closes)
    {
        Assert.AreEqual(HeadOutcome.Complete, PeerResponseHead.Read(Bytes(text), out var head, out _));
        Assert.AreEqual((length, isChunked, closes), ((int?)head.ContentLength, head.IsChunked, head.Closes));
    }

    [TestMethod]
    public void HeadWithoutEnd_IsRefusedAtItsLimit()
    {
        var endless = Bytes("HTTP/1.1 200 OK\r\nA: ".PadRight(PeerResponseHead.MaxBytes, 'a'));

        Assert.AreEqual(HeadOutcome.Incomplete, PeerResponseHead.Read(endless.AsSpan(..^1), out _, out _));
        Assert.AreEqual(HeadOutcome.Malformed, PeerResponseHead.Read(endless, out _, out _));
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
