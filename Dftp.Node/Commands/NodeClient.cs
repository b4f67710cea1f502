using System.Net;
using System.Text;
using Dftp.Cluster;
using Dftp.Cluster.Connections;

namespace Dftp.Node.Commands;

/// <summary>There is no answer. The message gives the reason in a few words, without the address.</summary>
internal sealed class NoAnswerException(string reason) : Exception(reason);

/// <summary>An answer, whatever its status.</summary>
internal readonly record struct NodeAnswer(HttpStatusCode Status, ReadOnlyMemory<byte> Body, DateTimeOffset? Date)
{
    private const int MaxSentence = 500;

    /// <summary>The body as a sentence on one line, without its full stop.</summary>
    public string Sentence
    {
        get
        {
            var text = Encoding.UTF8.GetString(Body.Span[..Math.Min(Body.Length, MaxSentence)]).Trim().TrimEnd('.');
            return text.Length > 0 ? text : $"it answers {(int)Status}";
        }
    }
}

/// <summary>An HTTP client for nodes, with timeouts and a size limit.</summary>
/// <param name="http">Its own timeout must be infinite.</param>
/// <param name="limit">The timeout for an answer, and for each following piece of it.</param>
/// <param name="time">The clock of the timeouts.</param>
/// <param name="isTls">Whether management interfaces are asked by TLS.</param>
internal sealed class NodeClient(HttpClient http, TimeSpan limit, TimeProvider time, bool isTls = false)
{
    /// <summary>A join is answered after the node has an answer from the other one, which may take its own timeouts.</summary>
    private const int LimitsOfAJoin = 3;

    /// <summary>More than the size of a report on ten thousand nodes.</summary>
    private const int MaxBodyBytes = 16 << 20;

    public TimeSpan Limit => limit;

    /// <summary>Asks a management interface.</summary>
    /// <exception cref="NoAnswerException">It cannot be reached, or does not answer in time.</exception>
    public Task<NodeAnswer> GetAsync(HostPort node, string path, CancellationToken cancellationToken) =>
        AnswerAsync(HttpMethod.Get, node, path, null, limit, cancellationToken);

    /// <summary>Posts to a management interface.</summary>
    /// <exception cref="NoAnswerException">It cannot be reached, or does not answer in time.</exception>
    public async Task<NodeAnswer> PostAsync(HostPort node, string path, string field, string value, CancellationToken cancellationToken)
    {
        using var form = new FormUrlEncodedContent([new(field, value)]);
        return await AnswerAsync(HttpMethod.Post, node, path, form, LimitsOfAJoin * limit, cancellationToken);
    }

    /// <summary>Opens an answer of a public interface to read as a stream. The caller disposes of it.</summary>
    /// <exception cref="NoAnswerException">It cannot be reached, or does not answer in time.</exception>
    public Task<HttpResponseMessage> OpenAsync(HostPort node, string path, CancellationToken cancellationToken) => TryAsync(
        limit,
        async token =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, UriOf("http", node, path));
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
        },
        cancellationToken);

    /// <summary>Reads the next bytes of an opened answer.</summary>
    /// <returns>The number of bytes; 0 at the end.</returns>
    /// <exception cref="NoAnswerException">The answer broke off or timed out.</exception>
    public Task<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken) =>
        TryAsync(limit, async token => await body.ReadAsync(buffer, token), cancellationToken);

    private Task<NodeAnswer> AnswerAsync(
        HttpMethod method, HostPort node, string path, HttpContent? content, TimeSpan within, CancellationToken cancellationToken) =>
        TryAsync(
        within,
        async token =>
        {
            using var request = new HttpRequestMessage(method, UriOf(isTls ? "https" : "http", node, path)) { Content = content };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
            await using var stream = await response.Content.ReadAsStreamAsync(token);
            return new NodeAnswer(response.StatusCode, await ReadAllAsync(stream, token), response.Headers.Date);
        },
        cancellationToken);

    private static async Task<ReadOnlyMemory<byte>> ReadAllAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (body.Length + read > MaxBodyBytes) throw new NoAnswerException($"the answer has more than {MaxBodyBytes} bytes");
            body.Write(buffer, 0, read);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private async Task<T> TryAsync<T>(TimeSpan within, Func<CancellationToken, Task<T>> talk, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await talk(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NoAnswerException($"no answer within {within.TotalSeconds:0.#} s");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or System.Net.Sockets.SocketException)
        {
            throw new NoAnswerException(PeerHttp.Reason(error));
        }
    }

    private static Uri UriOf(string scheme, HostPort node, string path) =>
        Uri.TryCreate($"{scheme}://{node}{path}", UriKind.Absolute, out var uri) ? uri : throw new NoAnswerException("its host is none");
}
