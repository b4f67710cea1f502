using System.Text;

namespace Dftp.Cluster.Connections;

/// <summary>Writes the body of a request.</summary>
internal delegate Task BodyWriter(Stream body, CancellationToken cancellationToken);

/// <summary>A request with a body.</summary>
/// <param name="Target">The request target.</param>
/// <param name="Fields">Header fields beyond Host and the length of the body, each with its line end.</param>
/// <param name="Body">The body, if it is not streamed.</param>
/// <param name="Write">Streams the body; null: it is <paramref name="Body"/>.</param>
/// <param name="TrailerOf">Makes the fields after a streamed body from the body's SHA-256, each with its line end; null: none.</param>
internal sealed record PostRequest(
    string Target, string Fields, ReadOnlyMemory<byte> Body, BodyWriter? Write = null, Func<byte[], string>? TrailerOf = null)
{
    /// <summary>The head, and the body unless it is streamed.</summary>
    public ReadOnlyMemory<byte> WriteHead(HostPort address)
    {
        var framing = Write is null ? $"Content-Length: {Body.Length}" : "Transfer-Encoding: chunked";
        var head = $"POST {Target} HTTP/1.1\r\nHost: {address}\r\n{framing}\r\n{Fields}\r\n";
        var bytes = new byte[head.Length + Body.Length];
        Encoding.ASCII.GetBytes(head, bytes);
        Body.CopyTo(bytes.AsMemory(head.Length));
        return bytes;
    }
}
