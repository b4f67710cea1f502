using System.Text;
using Dftp.Cluster.Door;

namespace Dftp.Cluster.Connections;

/// <summary>Writes the body of a request.</summary>
internal delegate Task BodyWriter(Stream body, CancellationToken cancellationToken);

/// <summary>A request with a body.</summary>
/// <param name="Target">The request target.</param>
/// <param name="Fields">Header fields beyond Host and the length of the body, each with its line end.</param>
/// <param name="Body">The body, if it is not streamed.</param>
/// <param name="Write">Streams the body; null: it is <paramref name="Body"/>.</param>
internal sealed record PostRequest(string Target, string Fields, ReadOnlyMemory<byte> Body, BodyWriter? Write = null)
{
    public const string Method = "POST";

    /// <summary>The value of Content-Digest; null if the body is streamed: then the field follows it.</summary>
    public string? ContentDigest => Write is null ? BodyDigest.FieldOf(Body.Span) : null;

    /// <summary>The head, and the body unless it is streamed.</summary>
    /// <param name="address">Where it goes.</param>
    /// <param name="signature">The signature of the head; null: it is not signed.</param>
    public ReadOnlyMemory<byte> WriteHead(HostPort address, RequestSignature? signature)
    {
        var framing = Write is null ? $"Content-Length: {Body.Length}" : "Transfer-Encoding: chunked";
        var head = $"{Method} {Target} HTTP/1.1\r\nHost: {address}\r\n{framing}\r\n{Fields}{signature?.FieldsOf(ContentDigest)}\r\n";
        var bytes = new byte[head.Length + Body.Length];
        Encoding.ASCII.GetBytes(head, bytes);
        Body.CopyTo(bytes.AsMemory(head.Length));
        return bytes;
    }
}
