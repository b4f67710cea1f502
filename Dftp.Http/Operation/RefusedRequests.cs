using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Http.Operation;

/// <summary>
/// Requests that the server refuses before they reach the route table: broken ones, endless ones, those that do not come in time. The
/// server would answer them by a status alone and end the connection; here they get a sentence, are counted and logged.
/// </summary>
/// <param name="table">The node's routes.</param>
/// <param name="metrics">Counts them.</param>
/// <param name="accessLog">Gets their lines.</param>
/// <param name="time">The clock.</param>
internal sealed class RefusedRequests(RouteTable table, HttpMetrics metrics, AccessLog? accessLog, TimeProvider time) : DiagnosticSource
{
    private const string Refused = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public override bool IsEnabled(string name) => name == Refused;

    /// <summary>The server calls it before it writes its answer.</summary>
    // The attribute repeats the base's. It warns of listeners that reflect over the value; this one only casts it.
    [RequiresUnreferencedCode("The base's contract; this override reflects over nothing.")]
    public override void Write(string name, object? value)
    {
        if (value is not IFeatureCollection features
            || features.Get<Refusal>() is not { } refusal
            || features.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException error
            || features.Get<IHttpResponseFeature>() is not { HasStarted: false }) return;

        var request = features.Get<IHttpRequestFeature>();
        // An HTTP/2 connection goes on, and its answers have frames.
        if (request is not null && HttpProtocol.IsHttp2(request.Protocol)) return;
        var isHead = request is not null && HttpMethods.IsHead(request.Method);
        var sentence = Sentence(error);
        var on = ManagementConnection.InterfaceOf(features);
        var field = error.StatusCode == StatusCodes.Status405MethodNotAllowed ? $"Allow: {table.AllowOn(on)}" : "";
        refusal.FinalResponse = RawAnswer.Of(error.StatusCode, sentence, time.GetUtcNow(), field, hasBody: !isHead);
        refusal.MutesServer = true;
        metrics.Unrouted.Count(request?.Method ?? "", error.StatusCode);
        if (on == Interfaces.Public) accessLog?.WriteRefused(features, error.StatusCode, isHead ? 0 : sentence.Length + 1);
    }

    /// <summary>The sentence for a request that the server refuses.</summary>
    public static string Sentence(BadHttpRequestException error) => error.StatusCode switch
    {
        StatusCodes.Status405MethodNotAllowed => "The method does not go with the target.",
        StatusCodes.Status408RequestTimeout => "The request did not come in time.",
        StatusCodes.Status413PayloadTooLarge => "The request's body is too large.",
        StatusCodes.Status414UriTooLong => "The request's target is too long.",
        StatusCodes.Status431RequestHeaderFieldsTooLarge => "The request's headers are too large or too many.",
        StatusCodes.Status505HttpVersionNotsupported => "Only HTTP/1.0, HTTP/1.1 and, by TLS, HTTP/2 are spoken here.",
        // What follows the server's colon is the client's own text.
        _ => $"This is no HTTP request that could be answered: {error.Message.Split(':')[0].TrimEnd('.', ' ')}.",
    };
}
