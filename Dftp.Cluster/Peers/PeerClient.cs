using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Dftp.Cluster.Connections;
using Dftp.Cluster.Door;
using Dftp.Cluster.Replication;
using Microsoft.AspNetCore.Http;

namespace Dftp.Cluster.Peers;

/// <summary>The outcome of an exchange with a peer.</summary>
/// <param name="Outcome">Which side failed, if any.</param>
/// <param name="Answer">The response to a greeting.</param>
/// <param name="Reason">A sentence without a full stop; empty on success.</param>
/// <param name="Ranges">The answer to a question about ranges.</param>
internal readonly record struct PeerReply(PeerOutcome Outcome, ClusterAnswer? Answer, string Reason, RangeAnswer? Ranges = null);

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
internal sealed class PeerClient(ClusterOptions options, ClusterDoor door, TimeProvider time)
{
    /// <summary>Names the sender of an update before its body does. Legacy nodes neither send nor read it.</summary>
    public const string SenderHeader = "X-Dftp-Node";

    private const int MaxAnswerBytes = 16 * 1024 * 1024;

    /// <summary>The peer visits all entries of this node, after it has answered the questions of others.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private readonly PeerConnector _connector = new(door, options.ConnectTimeout, time);

    /// <summary>Greets a node: POST /cluster/.</summary>
    /// <param name="to">The node's management address. A name is resolved at each call.</param>
    /// <param name="peer">The node; null if only its address is known.</param>
    /// <param name="me">The description of this node.</param>
    /// <param name="requestFullUpdate">Requests a full update from it.</param>
    /// <param name="isLeaving">Announces that this node leaves; not for legacy nodes, which take it for a greeting.</param>
    /// <param name="knownDigest">The digest of what is known here of the greeted node; null if nothing is.</param>
    /// <param name="cancellationToken">Cancels the exchange.</param>
    public Task<PeerReply> GreetAsync(
        HostPort to, Peer? peer, NodeDescription me, bool requestFullUpdate, bool isLeaving, ulong? knownDigest,
        CancellationToken cancellationToken)
    {
        var form = GreetingForm.Write(me, options.ClusterName, requestFullUpdate, isLeaving, knownDigest);
        var request = new PostRequest("/cluster/", "Content-Type: application/x-www-form-urlencoded\r\n", form);
        // A peer that does not answer within a ping interval has not answered the ping.
        return ExchangeAsync(to, peer, request, options.PingInterval, Read, cancellationToken, isGreeting: true);

        PeerReply Read(Response response)
        {
            if (response.Status != StatusCodes.Status200OK) return Refused(response);
            var answer = ClusterAnswer.Parse(response.Body, HostPort.From(response.Host, 0).Host);
            // Who stands in between can pass a signed answer on, but has not the certificate that it names.
            return response.Certificate is { } seen && answer.Me.Certificate?.Fingerprint != seen
                ? new PeerReply(
                    PeerOutcome.Refused, null, $"{to} has another certificate than its answer names: somebody stands between the two nodes")
                : new PeerReply(PeerOutcome.Done, answer, "");
        }
    }

    /// <summary>Pushes an update: POST /update/, with a streamed body.</summary>
    /// <param name="to">The node's management address.</param>
    /// <param name="peer">The node.</param>
    /// <param name="isCompressed">Whether the body is compressed; false for legacy nodes, which read plain bodies only.</param>
    /// <param name="write">Writes the body.</param>
    /// <param name="cancellationToken">Cancels the push.</param>
    public Task<PeerReply> PushAsync(HostPort to, Peer peer, bool isCompressed, BodyWriter write, CancellationToken cancellationToken)
    {
        var fields = "Content-Type: application/json\r\n" + (isCompressed ? "Content-Encoding: br\r\n" : "")
            + $"{SenderHeader}: {Uri.EscapeDataString(options.NodeName.Value)}\r\n";
        return ExchangeAsync(to, peer, new PostRequest("/update/", fields, default, write), null, Read, cancellationToken);

        static PeerReply Read(Response response) => response.Status switch
        {
            StatusCodes.Status200OK => new PeerReply(PeerOutcome.Done, null, ""),
            StatusCodes.Status409Conflict => Refused(response) with { Outcome = PeerOutcome.NeedsFullUpdate },
            _ => Refused(response),
        };
    }

    /// <summary>Asks what a peer knows of this node: POST /ranges/. A peer that cannot answer, for example an older node, refuses.</summary>
    public Task<PeerReply> AskAsync(HostPort to, Peer peer, RangeQuestion question, CancellationToken cancellationToken)
    {
        var json = new ArrayBufferWriter<byte>();
        question.Write(json);
        var request = new PostRequest("/ranges/", "Content-Type: application/json\r\n", json.WrittenMemory);
        return ExchangeAsync(to, peer, request, AnswerTimeout, Read, cancellationToken);

        static PeerReply Read(Response response) => response.Status == StatusCodes.Status200OK
            ? new PeerReply(PeerOutcome.Done, null, "", RangeAnswer.Parse(response.Body))
            : Refused(response);
    }

    private async Task<PeerReply> ExchangeAsync(
        HostPort to, Peer? peer, PostRequest request, TimeSpan? wait, Func<Response, PeerReply> read, CancellationToken cancellationToken,
        bool isGreeting = false)
    {
        using var timer = new CancellationTokenSource(wait ?? Timeout.InfiniteTimeSpan, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            var endpoint = peer?.EndpointAt(to, isGreeting) ?? new PeerEndpoint(to, IsGreeting: isGreeting);
            var (connection, head) = await _connector.ExchangeAsync(
                endpoint, request, static (connection, request, token) => connection.AskAsync(request, token), null, limit.Token);
            var (host, certificate, signature) = (connection.RemoteAddress, connection.Certificate, connection.Signature);
            await using var stream = new PeerBodyStream(connection, head, endpoint.Pool);
            var body = await ReadBoundedAsync(stream, limit.Token);
            return request.Write is null && !IsAuthentic(head, body, signature, host)
                ? new PeerReply(PeerOutcome.Refused, null, $"{to} did not sign its answer: it has no secret, or another one")
                : read(new Response(head.Status, body, host, certificate));
        }
        catch (OtherCertificateException) when (peer is not null)
        {
            var refused = Refusal.OtherCertificate(peer.Name);
            door.Refusals.Add(refused, "the certificate", to.ToString());
            return new PeerReply(PeerOutcome.Unreachable, null, refused.Sentence);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new PeerReply(PeerOutcome.Unreachable, null, $"{to} does not answer");
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            return new PeerReply(PeerOutcome.Unreachable, null, $"{to} cannot be reached: {PeerHttp.Reason(error)}");
        }
        catch (JsonException)
        {
            return new PeerReply(PeerOutcome.Refused, null, $"{to} did not answer as a node does");
        }
    }

    /// <summary>
    /// Whether an answer with facts is from a node of the cluster. Legacy nodes at named addresses cannot sign.
    /// </summary>
    private bool IsAuthentic(in PeerResponseHead head, byte[] body, RequestSignature? signature, IPAddress host) =>
        signature is null || head.Status != StatusCodes.Status200OK || (head.Signature is null && door.LegacyPeers.Contains(host))
        || head.Signature?.AreOf(signature, head.Status, body) == true;

    private static async Task<byte[]> ReadBoundedAsync(PeerBodyStream stream, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if (body.Length + read > MaxAnswerBytes) throw new JsonException("the answer is too long");
            body.Write(buffer, 0, read);
        }

        if (stream.IsIncomplete) throw new IOException("the answer broke off");
        return body.ToArray();
    }

    private static PeerReply Refused(Response response)
    {
        var text = Encoding.UTF8.GetString(response.Body.AsSpan(0, Math.Min(response.Body.Length, 500))).Trim();
        var sentence = text.Length > 0 ? $"it answers {response.Status}: {text}" : $"it answers {response.Status}";
        return new PeerReply(PeerOutcome.Refused, null, sentence);
    }

    /// <param name="Status">Three digits.</param>
    /// <param name="Body">All of it.</param>
    /// <param name="Host">The address that answered.</param>
    /// <param name="Certificate">The fingerprint of the certificate on the connection; null: it is not encrypted.</param>
    private sealed record Response(int Status, byte[] Body, IPAddress Host, string? Certificate);
}
