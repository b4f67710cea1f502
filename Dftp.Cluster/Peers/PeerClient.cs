using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;

namespace Dftp.Cluster.Peers;

/// <summary>The outcome of an exchange with a peer.</summary>
/// <param name="Outcome">Which side failed, if any.</param>
/// <param name="Answer">The response to a greeting.</param>
/// <param name="Reason">A sentence without a full stop; empty on success.</param>
internal readonly record struct PeerReply(PeerOutcome Outcome, ClusterAnswer? Answer, string Reason);

internal enum PeerOutcome
{
    Done,

    /// <summary>No connection, a broken connection, or a timeout.</summary>
    Unreachable,

    /// <summary>The peer cannot use the update, because it does not follow the state that the peer knows.</summary>
    NeedsFullUpdate,

    /// <summary>The peer returned an error or an invalid response.</summary>
    Refused,
}

/// <summary>The client for the management API of peers.</summary>
internal sealed class PeerClient : IDisposable
{
    /// <summary>Names the sender of an update before its body does. Legacy nodes neither send nor read it.</summary>
    public const string SenderHeader = "X-Dftp-Node";

    private const int MaxAnswerBytes = 16 * 1024 * 1024;

    private readonly HttpClient _http;
    private readonly ClusterOptions _options;
    private readonly TimeProvider _time;

    public PeerClient(ClusterOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _http = PeerHttp.CreateClient(options.ConnectTimeout);
    }

    /// <summary>Greets a node: POST /cluster/.</summary>
    /// <param name="to">The node's management address. A name is resolved at each call.</param>
    /// <param name="me">The description of this node.</param>
    /// <param name="requestFullUpdate">Requests a full update from it.</param>
    /// <param name="isLeaving">Announces that this node leaves; not for legacy nodes, which take it for a greeting.</param>
    /// <param name="knownDigest">The digest of what is known here of the greeted node; null if nothing is.</param>
    /// <param name="cancellationToken">Cancels the exchange.</param>
    public async Task<PeerReply> GreetAsync(
        HostPort to, NodeDescription me, bool requestFullUpdate, bool isLeaving, ulong? knownDigest, CancellationToken cancellationToken)
    {
        var form = new List<KeyValuePair<string, string>>
        {
            new("name", me.Name.Value),
            new("public-addr", me.PublicAddress.ToString()),
            new("mgmt-addr", me.ManagementAddress.ToString()),
        };
        if (requestFullUpdate) form.Add(new("request-full-update", "true"));
        if (isLeaving) form.Add(new("leaving", "true"));
        form.Add(new("cluster-name", _options.ClusterName));
        if (me.State is { } state)
        {
            form.Add(new("epoch", state.Epoch.ToString(CultureInfo.InvariantCulture)));
            form.Add(new("sequence", state.Sequence.ToString(CultureInfo.InvariantCulture)));
            form.Add(new("digest", state.Digest.ToString("x16", CultureInfo.InvariantCulture)));
        }

        if (me.ServesReads) form.Add(new("serves-reads", "true"));
        if (me.Unconfirmed.Count > 0) form.Add(new("unconfirmed", UnconfirmedField.Write(me.Unconfirmed)));
        if (knownDigest is { } known) form.Add(new("known-digest", known.ToString("x16", CultureInfo.InvariantCulture)));

        // A peer that does not answer within a ping interval has not answered the ping.
        using var limit = new CancellationTokenSource(_options.PingInterval, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        return await TryAsync(
            to,
            async () =>
            {
                var host = await ResolveAsync(to.Host, either.Token);
                using var request = new HttpRequestMessage(HttpMethod.Post, PeerHttp.Uri(host, to.Port, "/cluster/"));
                request.Content = new FormUrlEncodedContent(form);
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
                var body = await ReadBoundedAsync(response, either.Token);
                return response.StatusCode == HttpStatusCode.OK
                    ? new PeerReply(PeerOutcome.Done, ClusterAnswer.Parse(body, host.ToString()), "")
                    : new PeerReply(PeerOutcome.Refused, null, Sentence(response.StatusCode, body.Span));
            },
            cancellationToken);
    }

    /// <summary>Pushes an update: POST /update/, with a streamed body.</summary>
    /// <param name="to">The node's management address.</param>
    /// <param name="isCompressed">Whether the body is compressed; false for legacy nodes, which read plain bodies only.</param>
    /// <param name="write">Writes the body.</param>
    /// <param name="cancellationToken">Cancels the push.</param>
    public async Task<PeerReply> PushAsync(
        HostPort to, bool isCompressed, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        await TryAsync(
            to,
            async () =>
            {
                var host = await ResolveAsync(to.Host, cancellationToken);
                using var request = new HttpRequestMessage(HttpMethod.Post, PeerHttp.Uri(host, to.Port, "/update/"));
                request.Content = new UpdateContent(write, isCompressed);
                request.Headers.Add(SenderHeader, Uri.EscapeDataString(_options.NodeName.Value));
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                var body = await ReadBoundedAsync(response, cancellationToken);
                return response.StatusCode switch
                {
                    HttpStatusCode.OK => new PeerReply(PeerOutcome.Done, null, ""),
                    HttpStatusCode.Conflict => new PeerReply(PeerOutcome.NeedsFullUpdate, null, Sentence(response.StatusCode, body.Span)),
                    _ => new PeerReply(PeerOutcome.Refused, null, Sentence(response.StatusCode, body.Span)),
                };
            },
            cancellationToken);

    public void Dispose() => _http.Dispose();

    private static async Task<PeerReply> TryAsync(HostPort to, Func<Task<PeerReply>> talk, CancellationToken cancellationToken)
    {
        try
        {
            return await talk();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new PeerReply(PeerOutcome.Unreachable, null, $"{to} does not answer");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            return new PeerReply(PeerOutcome.Unreachable, null, $"{to} cannot be reached: {PeerHttp.Reason(error)}");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return new PeerReply(PeerOutcome.Refused, null, $"{to} did not answer as a node does");
        }
    }

    // A legacy node splits addresses at each colon, so it is greeted over IPv4 if it has such an address.
    private static async Task<IPAddress> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var address)) return address;
        var addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        return addresses.OrderBy(found => found.AddressFamily != AddressFamily.InterNetwork).FirstOrDefault()
            ?? throw new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBoundedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (body.Length + read > MaxAnswerBytes) throw new JsonException("the answer is too long");
            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    private static string Sentence(HttpStatusCode status, ReadOnlySpan<byte> body)
    {
        var text = System.Text.Encoding.UTF8.GetString(body[..Math.Min(body.Length, 500)]).Trim();
        return text.Length > 0 ? $"it answers {(int)status}: {text}" : $"it answers {(int)status}";
    }

    /// <summary>A body that is written while it is sent.</summary>
    private sealed class UpdateContent : HttpContent
    {
        private readonly Func<Stream, CancellationToken, Task> _write;

        public UpdateContent(Func<Stream, CancellationToken, Task> write, bool isCompressed)
        {
            _write = write;
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
            if (isCompressed) Headers.ContentEncoding.Add("br");
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _write(stream, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
