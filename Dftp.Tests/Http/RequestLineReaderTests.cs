using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Dftp.Http.Transport;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class RequestLineReaderTests
{
    private const string Raw = "GET /fs/\u00DCbung?x=\u00E9 HTTP/1.1\r\n";

    private const string Encoded = "GET /fs/%C3%9Cbung?x=%C3%A9 HTTP/1.1\r\n";

    // RFC 3986, 2.5: bytes of UTF-8 beyond ASCII are percent-encoded; 3.1: "An implementation should accept uppercase letters as equivalent to
    // lowercase in scheme names".
    [TestMethod]
    [DataRow("GET /\u00DC HTTP/1.1", "GET /%C3%9C HTTP/1.1")]
    [DataRow("GET /a%20\u65E5 HTTP/1.1\r", "GET /a%20%E6%97%A5 HTTP/1.1\r")]
    [DataRow("GET HTTP://Host/A HTTP/1.1", "GET http://Host/A HTTP/1.1")]
    [DataRow("HEAD Https://host/\u00DC?\u00E9 HTTP/1.0", "HEAD https://host/%C3%9C?%C3%A9 HTTP/1.0")]
    public void Line_that_other_servers_take_is_repaired(string line, string repaired)
    {
        var bytes = Encoding.UTF8.GetBytes(line);
        var space = new byte[RequestLine.MaxRepaired(bytes.Length)];

        Assert.IsTrue(RequestLine.NeedsRepair(bytes));
        Assert.AreEqual(repaired, Encoding.UTF8.GetString(space, 0, RequestLine.Repair(bytes, space)));
    }

    [TestMethod]
    [DataRow("GET /a HTTP/1.1")]
    [DataRow("GET http://HOST/A HTTP/1.1")]
    [DataRow("GET /HTTP://x HTTP/1.1")]
    [DataRow("OPTIONS * HTTP/1.1")]
    [DataRow("CONNECT HOST:80 HTTP/1.1")]
    [DataRow("G\u00CBT /a HTTP/1.1")]
    [DataRow("GET /\u00DC")]
    [DataRow("GET")]
    [DataRow("")]
    public void Other_lines_stay(string line) => Assert.IsFalse(RequestLine.NeedsRepair(Encoding.UTF8.GetBytes(line)));

    // Whatever the pieces are, the server reads the same requests, and bodies are not touched.
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    [DataRow(50)]
    [DataRow(4096)]
    public async Task Requests_in_pieces_of_any_size_are_the_same(int pieceBytes)
    {
        const string Fields = "Host: x\r\nCookie: \u00FC\r\n\r\n";
        const string WithBody = "Host: x\r\nContent-Length: 4\r\n\r\n\u00E9\u00E9";
        var sent = Raw + Fields + "\r\n" + Raw + WithBody + "GET /a HTTP/1.1\r\n" + Fields + Raw + Fields;
        var expected = Encoded + Fields + "\r\n" + Encoded + WithBody + "GET /a HTTP/1.1\r\n" + Fields + Encoded + Fields;

        Assert.AreEqual(expected, await ReadAsServerAsync(sent, pieceBytes));
    }

    // RFC 9112, 7.1: where a chunked body ends is not looked for, so nothing after it is touched.
    [TestMethod]
    public async Task Nothing_is_touched_after_a_chunked_body_has_begun()
    {
        const string Chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
        var rest = $"{Raw.Length:x}\r\n{Raw}\r\n0\r\n\r\n{Raw}\r\n";

        Assert.AreEqual(Chunked + rest, await ReadAsServerAsync(Chunked + rest, 4096));
    }

    /// <summary>Reads as Kestrel does: heads line by line, and what else there is as it comes.</summary>
    private static async Task<string> ReadAsServerAsync(string sent, int pieceBytes)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        var reader = new RequestLineReader(pipe.Reader);
        var bytes = Encoding.UTF8.GetBytes(sent);
        var read = new ArrayBufferWriter<byte>();
        for (var at = 0; at < bytes.Length; at += pieceBytes)
        {
            await pipe.Writer.WriteAsync(bytes.AsMemory(at, Math.Min(pieceBytes, bytes.Length - at)));
            while (reader.TryRead(out var result))
            {
                var line = result.Buffer.PositionOf((byte)'\n');
                var end = line is { } found ? result.Buffer.GetPosition(1, found) : result.Buffer.Start;
                foreach (var part in result.Buffer.Slice(0, end)) read.Write(part.Span);
                reader.AdvanceTo(end, line is null ? result.Buffer.End : end);
            }
        }

        await pipe.Writer.CompleteAsync();
        var last = await reader.ReadAsync();
        foreach (var part in last.Buffer) read.Write(part.Span);
        reader.AdvanceTo(last.Buffer.End);
        return Encoding.UTF8.GetString(read.WrittenSpan);
    }
}
