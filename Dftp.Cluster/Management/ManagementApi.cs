using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Net;
using Dftp.Cluster.Door;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;
using Dftp.Cluster.Replication;
using Dftp.FileSystem;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;

namespace Dftp.Cluster.Management;

/// <summary>
/// The management API, by which nodes talk to each other. Responses suit legacy nodes: these crash if Me or Peers is missing.
/// </summary>
internal sealed class ManagementApi(
    MembershipContext context, JoinHandshake handshake, RequestSigner? signer, UpdateReceiver updates, RangeAnswers ranges)
{
    /// <summary>The maximum number of peers in POST /join/, which are greeted at once. One is enough to join a cluster.</summary>
    private const int MaxJoins = 64;

    /// <summary>Of a form. Names and addresses are short.</summary>
    private static readonly BodyLimit FormLimit = BodyLimit.Bytes(64 * 1024);

    private static readonly string[] RequiredFields = ["name", "public-addr", "mgmt-addr"];

    /// <summary>Once set, greetings are refused: a node that has said goodbye must not be met again.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>The rows of the route table that this API answers.</summary>
    public IReadOnlyList<Route> Routes =>
    [
        Row(HttpMethods.Get, "/cluster/", RouteAccess.Peer, BodyLimit.None, http => AnswerAsync(http)),
        Row(HttpMethods.Post, "/cluster/", RouteAccess.Peer, FormLimit, GreetedAsync),
        Row(HttpMethods.Post, "/join/", RouteAccess.Operator, FormLimit, JoinAsync),
        Row(HttpMethods.Post, "/update/", RouteAccess.Peer, BodyLimit.Bytes(updates.Limits.MaxBytes), UpdateAsync),
        Row(HttpMethods.Post, "/ranges/", RouteAccess.Peer, BodyLimit.Bytes(RangeQuestion.MaxBytes), RangesAsync),
        Row(HttpMethods.Post, "/forget/", RouteAccess.Operator, FormLimit, ForgetAsync),
    ];

    private static Route Row(string method, string path, RouteAccess access, BodyLimit body, Func<HttpContext, Task> answer) =>
        new(Interfaces.Management, path, PathMatch.SlashOptional, [method], access, body, request => answer(request.Http));

    /// <param name="http">The request.</param>
    /// <param name="caller">The node that greeted; it is listed although it may not be a member yet.</param>
    private Task AnswerAsync(HttpContext http, NodeDescription? caller = null)
    {
        http.Response.ContentType = "text/plain; charset=utf-8";
        if (HttpMethods.IsHead(http.Request.Method)) return Task.CompletedTask;
        var me = new ListedNode(
            context.Me(), new PeerFacts { Name = context.Options.NodeName, LastAlive = context.Time.GetUtcNow().ToUnixTimeSeconds() });
        var peers = context.Peers.All
            .Select(peer => peer.Facts)
            .Where(facts => (facts.IsPresent || facts.Name == caller?.Name) && facts is { PublicAddress: not null, ManagementAddress: not null })
            .OrderBy(facts => facts.Name)
            .Select(facts => new ListedNode(new NodeDescription(facts.Name, Reachable(facts.PublicAddress!, http),
                Reachable(facts.ManagementAddress!, http), facts.Replication.Announced), facts));
        var knownDigest = caller is { State: not null, Name: var name } ? context.Peers.DigestOf(name) : null;
        return WriteAnswerAsync(http, output => ClusterAnswerWriter.Write(output, context.Options.ClusterName, me, peers, knownDigest));
    }

    /// <summary>
    /// Answers with facts that the caller acts on. A signed request gets a signed answer, so that the caller knows that a node of the
    /// cluster wrote it, and for this request.
    /// </summary>
    private Task WriteAnswerAsync(HttpContext http, Action<IBufferWriter<byte>> write)
    {
        if (signer is null || SignatureCheck.Of(http) is not { } request)
        {
            write(http.Response.BodyWriter);
            return http.Response.BodyWriter.FlushAsync(http.RequestAborted).AsTask();
        }

        var body = new ArrayBufferWriter<byte>();
        write(body);
        var fields = signer.SignAnswer(request, http.Response.StatusCode, body.WrittenSpan);
        http.Response.Headers[SignatureProfile.DigestField] = fields.ContentDigest;
        http.Response.Headers[SignatureProfile.InputField] = fields.Input;
        http.Response.Headers[SignatureProfile.SignatureField] = fields.Signature;
        http.Response.ContentLength = body.WrittenCount;
        return http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted).AsTask();
    }

    // A loopback address of a peer would mean the caller's machine to a caller elsewhere.
    private static HostPort Reachable(HostPort address, HttpContext http) =>
        address.IsLoopback && http.Connection is { RemoteIpAddress: { } caller, LocalIpAddress: { } here } && !IPAddress.IsLoopback(caller)
            ? address.WithHost(here)
            : address;

    private async Task GreetedAsync(HttpContext http)
    {
        if (IsLeaving)
        {
            await SayAsync(http, StatusCodes.Status503ServiceUnavailable, "this node is stopping");
            return;
        }

        var source = SourceOf(http);
        if (context.Limits.Greetings.Take(source) is { } tooFast)
        {
            await SayTooManyAsync(http, "too many greetings from this address", tooFast);
            return;
        }

        var form = await FormAsync(http);
        var isSigned = SignatureCheck.Of(http) is not null;
        if (ReadGreeting(form, source, isSigned, out var problem) is not { } greeting)
        {
            await SayAsync(http, StatusCodes.Status400BadRequest, problem);
            return;
        }

        if (handshake.Greeted(greeting) is not { } refusal) await AnswerAsync(http, greeting.Caller);
        else if (refusal.RetryAfter is { } retryAfter) await SayTooManyAsync(http, refusal.Sentence, retryAfter);
        else await SayAsync(http, StatusCodes.Status409Conflict, refusal.Sentence);
    }

    private static Greeting? ReadGreeting(
        IReadOnlyDictionary<string, string> form, IPAddress caller, bool isSigned, out string problem)
    {
        problem = "";
        var missing = RequiredFields.Where(field => string.IsNullOrEmpty(form.GetValueOrDefault(field))).ToList();
        if (missing.Count > 0) problem = $"missing: {string.Join(", ", missing)}";
        else if (!NodeName.TryParse(form["name"], out var name))
            problem = "name is not a node name: 1 to 255 bytes without spaces, control characters and / , ; = \"";
        else if (!HostPort.TryParse(form["public-addr"], out var publicAddress)) problem = "public-addr is not host:port or :port";
        else if (!HostPort.TryParse(form["mgmt-addr"], out var managementAddress)) problem = "mgmt-addr is not host:port or :port";
        else
        {
            AnnouncedState? state =
                long.TryParse(form.GetValueOrDefault("epoch"), NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation)
                && long.TryParse(form.GetValueOrDefault("sequence"), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
                && ulong.TryParse(form.GetValueOrDefault("digest"), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var digest)
                    ? new AnnouncedState(incarnation, sequence, digest)
                    : null;
            return new Greeting(
                new NodeDescription(name, publicAddress.WithHost(caller), managementAddress.WithHost(caller), state)
                {
                    Unconfirmed = UnconfirmedField.Read(form.GetValueOrDefault("unconfirmed")),
                    Certificate = isSigned ? CertificateName.Parse(form.GetValueOrDefault("certificate")) : null,
                    ServesReads = form.GetValueOrDefault("serves-reads") == "true",
                },
                form.GetValueOrDefault("cluster-name"),
                form.GetValueOrDefault("request-full-update") == "true",
                form.GetValueOrDefault("leaving") == "true",
                ulong.TryParse(form.GetValueOrDefault("known-digest"), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var known)
                    ? known : null);
        }

        return null;
    }

    private async Task JoinAsync(HttpContext http)
    {
        var named = new List<HostPort>();
        foreach (var text in await PeersToJoinAsync(http))
        {
            if (!HostPort.TryParse(text, out var peer) || peer.Port == 0 || peer.Host.Length == 0)
            {
                await SayAsync(http, StatusCodes.Status400BadRequest, "peer is not host:port");
                return;
            }

            named.Add(peer);
        }

        if (named.Count is 0 or > MaxJoins)
        {
            var problem = named.Count == 0 ? "missing: peer, a node's management address as host:port" : $"more than {MaxJoins} peers";
            await SayAsync(http, StatusCodes.Status400BadRequest, problem);
            return;
        }

        if (context.Limits.Joins.Take(SourceOf(http), named.Count) is { } tooFast)
        {
            await SayTooManyAsync(http, "too many joins from this address", tooFast);
            return;
        }

        foreach (var (peer, (node, reason)) in named.Zip(
            await Task.WhenAll(named.Select(peer => handshake.GreetAsync(peer, http.RequestAborted)))))
        {
            if (node is not null) continue;
            if (context.Limits.CannotJoinLog.Passes(out var more)) context.Log.CannotJoin(peer, reason, more);
            await SayAsync(http, StatusCodes.Status502BadGateway, $"cannot join {peer}: {reason}");
            return;
        }

        await AnswerAsync(http);
    }

    private async Task ForgetAsync(HttpContext http)
    {
        var text = (await FormAsync(http)).GetValueOrDefault("name");
        if (!NodeName.TryParse(text, out var name))
        {
            await SayAsync(http, StatusCodes.Status400BadRequest, string.IsNullOrEmpty(text) ? "missing: name, the node to forget"
                : "name is not a node name");
            return;
        }

        var forgotten = context.Peers.Forget(name);
        if (forgotten == true) context.Log.PeerForgotten(name);
        await (forgotten switch
        {
            true => SayAsync(http, StatusCodes.Status200OK, "ok"),
            false => SayAsync(http, StatusCodes.Status409Conflict, $"{name} is there: only a node that is dead or left can be forgotten"),
            null => SayAsync(http, StatusCodes.Status404NotFound, $"{name} is not known"),
        });
    }

    private async Task UpdateAsync(HttpContext http)
    {
        // A legacy node refuses a charset; our nodes accept one.
        if (http.Request.ContentType?.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase) != true)
        {
            await SayAsync(http, StatusCodes.Status400BadRequest, "Content-Type is not application/json");
            return;
        }

        var sender = SenderOf(http);
        if (await updates.RefusalAsync(sender, SourceOf(http), http.RequestAborted) is { } refusal)
        {
            await SayAsync(http, StatusCodes.Status409Conflict, refusal);
            return;
        }

        var encoding = http.Request.Headers.ContentEncoding.ToString();
        await using Stream? decompressed = encoding switch
        {
            "" or "identity" => null,
            "br" => new BrotliStream(http.Request.Body, CompressionMode.Decompress, leaveOpen: true),
            "gzip" => new GZipStream(http.Request.Body, CompressionMode.Decompress, leaveOpen: true),
            _ => Stream.Null,
        };
        if (decompressed == Stream.Null)
        {
            http.Response.Headers.AcceptEncoding = "br, gzip";
            await SayAsync(http, StatusCodes.Status415UnsupportedMediaType, "Content-Encoding is neither br nor gzip");
            return;
        }

        var body = decompressed is null
            ? http.Request.BodyReader
            : PipeReader.Create(new BoundedStream(decompressed, updates.Limits.MaxBytes), new StreamPipeReaderOptions(
                bufferSize: 64 * 1024, leaveOpen: true));
        try
        {
            var peer = sender is { } named ? context.Peers.Find(named) : null;
            var (outcome, reason) = await updates.ReceiveAsync(body, peer, () => SignedBody.VerifyAsync(http), http.RequestAborted);
            await (outcome switch
            {
                UpdateOutcome.Applied => SayAsync(http, StatusCodes.Status200OK, "ok"),
                UpdateOutcome.NeedsFullUpdate => SayAsync(http, StatusCodes.Status409Conflict, reason),
                _ => SayAsync(http, StatusCodes.Status403Forbidden, reason),
            });
        }
        catch (UpdateFormatException error)
        {
            if (!error.IsTooLarge) await SignedBody.VerifyAsync(http);
            var status = error.IsTooLarge ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest;
            await SayAsync(http, status, $"no update: {error.Message}");
        }
        catch (InvalidDataException)
        {
            await SignedBody.VerifyAsync(http);
            await SayAsync(http, StatusCodes.Status400BadRequest, $"no update: the body is not {encoding}");
        }
    }

    private async Task RangesAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        RangeQuestion question;
        try
        {
            question = RangeQuestion.Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
        }
        catch (UpdateFormatException error)
        {
            var status = error.IsTooLarge ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest;
            await SayAsync(http, status, $"no question: {error.Message}");
            return;
        }

        var (answer, reason, isBusy) = await ranges.AnswerAsync(question, http.RequestAborted);
        if (answer is null)
        {
            await SayAsync(http, isBusy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status404NotFound, reason);
            return;
        }

        http.Response.ContentType = "application/json";
        await WriteAnswerAsync(http, answer.Write);
    }

    /// <summary>The sender of an update, known before the body is read; null from a legacy node.</summary>
    private static NodeName? SenderOf(HttpContext http) =>
        NodeName.TryParse(Uri.UnescapeDataString(http.Request.Headers[PeerClient.SenderHeader].ToString()), out var name) ? name : null;

    private static async Task<IReadOnlyList<string>> PeersToJoinAsync(HttpContext http)
    {
        var peers = http.Request.Query["peer"].ToList();
        if (http.Request.HasFormContentType) peers.AddRange((await ReadFormAsync(http))["peer"]);
        return [.. peers.OfType<string>().SelectMany(
            peer => peer.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
    }

    // Like Go's Request.Form: fields of the body, then of the query.
    private static async Task<IReadOnlyDictionary<string, string>> FormAsync(HttpContext http)
    {
        var fields = http.Request.Query.ToDictionary(field => field.Key, field => field.Value.ToString());
        if (!http.Request.HasFormContentType) return fields;
        foreach (var (name, value) in await ReadFormAsync(http)) fields[name] = value.FirstOrDefault() ?? "";
        return fields;
    }

    private static async Task<IFormCollection> ReadFormAsync(HttpContext http)
    {
        try
        {
            return await http.Request.ReadFormAsync(http.RequestAborted);
        }
        catch (Exception error) when (error is InvalidDataException
            || (error is IOException && error is not BadHttpRequestException && !http.RequestAborted.IsCancellationRequested))
        {
            throw new BadHttpRequestException("the form cannot be read", StatusCodes.Status400BadRequest, error);
        }
    }

    private static IPAddress SourceOf(HttpContext http) => http.Connection.RemoteIpAddress ?? IPAddress.Loopback;

    /// <summary>RFC 6585, section 4.</summary>
    private static Task SayTooManyAsync(HttpContext http, string sentence, TimeSpan retryAfter)
    {
        http.Response.Headers.RetryAfter = ((int)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return SayAsync(http, StatusCodes.Status429TooManyRequests, sentence);
    }

    private static Task SayAsync(HttpContext http, int status, string sentence)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(sentence + "\n", http.RequestAborted);
    }
}
