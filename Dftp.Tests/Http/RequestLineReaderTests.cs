using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Dftp.Http.Transport;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class RequestLineReaderTests
{
    private const string Raw = "GET /fs/\u00DCbung?x=\u00E9 HTTP/1.1\r\n";

    private const string Encoded = "GET /fs/%C3%9Cbung?x=%C3%A9 HTTP/1.1\r\n";

    // RFC 3986, 2.5: bytes of UTF-8 beyond ASCII are percent-encoded; 3.1: "An implementation should accept uppercase letters as
    // equivalent to lowercase in scheme names".
    [TestMethod]
    [DataRow("GET /\u00DC HTTP/1.1", "GET /%C3%9C HTTP/1.1")]
    [DataRow("GET /a%20\u65E5 HTTP/1.1\r", "GET /a%20%E6%97%A5 HTTP/1.1\r")]
    [DataRow("GET HTTP://Host/A HTTP/1.1", "GET http://Host/A HTTP/1.1")]
    [DataRow("HEAD Https://host/\u00DC?\u00E9 HTTP/1.0", "HEAD https://host/%C3%9C?%C3%A9 HTTP/1.0")]
    public void LineThatOtherServersAccept_IsRepaired(string line, string repaired)
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
    public void OtherLines_Stay(string line) => Assert.IsFalse(RequestLine.NeedsRepair(Encoding.UTF8.GetBytes(line)));

    // The server reads the same requests, in whatever pieces they arrive. Fields and bodies of any form stay unchanged.
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(7)]
    [DataRow(50)]
    [DataRow(4096)]
    public async Task RequestsInPiecesOfAnySize_AreTheSame(int pieceBytes)
    {
        const string Fields = "Host: x\r\nCookie: \u00FC\r\n\r\n";
        const string WithBody = "Host: x\r\nContent-Length: 30\r\n\r\n" + Raw;
        var chunked = $"Host: x\r\nTransfer-Encoding: chunked\r\n\r\n{Raw.Length:x}\r\n{Raw}\r\n0\r\n\r\n";
        (string Line, string Others)[] requests =
            [(Raw, Fields), ("\r\n" + Raw, WithBody), ("GET /a HTTP/1.1\r\n", Fields), (Raw, chunked), (Raw, Fields)];
        var expected = string.Concat(
            requests.Select(request => request.Line.Replace(Raw, Encoded, StringComparison.Ordinal) + request.Others));

        Assert.AreEqual(expected, await ReadAsServerAsync(requests, pieceBytes));
    }

    /// <summary>
    /// Reads as Kestrel does: the request line as a whole, and the rest as it arrives. The target is known from the line to the
    /// request's end; for the first request only when its head is complete.
    /// </summary>
    private static async Task<string> ReadAsServerAsync((string Line, string Others)[] requests, int pieceBytes)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
        var server = new ServerRequest();
        var reader = new RequestLineReader(pipe.Reader, server);
        var read = new ArrayBufferWriter<byte>();
        var sending = SendAsync(pipe.Writer, requests, pieceBytes);
        var feature = new HttpRequestFeature { RawTarget = null! };
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(feature);
        foreach (var (line, rest) in requests)
        {
            while (!await TryReadLineAsync(reader, read))
            {
            }

            feature.RawTarget = "/";
            var head = rest.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
            await ReadBytesAsync(reader, Encoding.UTF8.GetByteCount(rest[..head]), read);
            server.Begin(features);
            await ReadBytesAsync(reader, Encoding.UTF8.GetByteCount(rest[head..]), read);
            feature.RawTarget = null!;
        }

        await sending;
        return Encoding.UTF8.GetString(read.WrittenSpan);
    }

    private static async Task SendAsync(PipeWriter writer, (string Line, string Others)[] requests, int pieceBytes)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(requests.Select(request => request.Line + request.Others)));
        for (var at = 0; at < bytes.Length; at += pieceBytes)
        {
            await writer.WriteAsync(bytes.AsMemory(at, Math.Min(pieceBytes, bytes.Length - at)));
            await Task.Yield();
        }

        await writer.CompleteAsync();
    }

    /// <returns>Whether the line was not empty.</returns>
    private static async Task<bool> TryReadLineAsync(RequestLineReader reader, ArrayBufferWriter<byte> read)
    {
        var result = await reader.ReadAsync();
        if (result.Buffer.PositionOf((byte)'\n') is not { } found)
        {
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            return false;
        }

        var end = result.Buffer.GetPosition(1, found);
        var line = result.Buffer.Slice(0, end).ToArray();
        read.Write(line);
        reader.AdvanceTo(end);
        return line.Length > 2;
    }

    private static async Task ReadBytesAsync(RequestLineReader reader, int count, ArrayBufferWriter<byte> read)
    {
        while (count > 0)
        {
            var result = await reader.ReadAsync();
            var taken = result.Buffer.Slice(0, Math.Min(count, result.Buffer.Length)).ToArray();
            read.Write(taken);
            count -= taken.Length;
            reader.AdvanceTo(result.Buffer.GetPosition(taken.Length));
        }
    }
}
