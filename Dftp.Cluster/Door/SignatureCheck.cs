using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dftp.Cluster.Door;

/// <summary>Decides whether a request of the management interface reaches its handler.</summary>
/// <param name="verifier">Null: there is no secret, and everything is admitted.</param>
/// <param name="legacy">The machines whose legacy nodes need no signature.</param>
/// <param name="refusals">Counts and logs.</param>
/// <param name="clusterName">For the challenge of a 401.</param>
internal sealed class SignatureCheck(RequestVerifier? verifier, LegacyPeers legacy, Refusals refusals, string clusterName)
{
    /// <summary>The maximum length of a body that is kept until its digest is known to be right. Forms are shorter.</summary>
    private const int MaxBodyBytes = 64 * 1024;

    /// <summary>The paths that say nothing but that the node runs.</summary>
    private static readonly string[] OpenPaths = ["/healthz", "/readyz"];

    /// <summary>The paths that legacy nodes use.</summary>
    private static readonly string[] LegacyPaths = ["/cluster", "/join", "/update"];

    /// <summary>The request, if its signature was verified.</summary>
    public static SignedRequest? Of(HttpContext http) => http.Features.Get<SignedRequest>();

    /// <returns>False if the request has been answered with a refusal.</returns>
    public async Task<bool> AdmitAsync(HttpContext http)
    {
        try
        {
            // 1. some need no signature
            if (verifier is null || OpenPaths.Contains(http.Request.Path.Value) || IsLegacy(http)) return true;

            // 2. the head, then the body, at once or while the handler reads it
            var refusal = VerifyHead(http, out var request) ?? await TakeBodyAsync(http, request!);
            if (refusal is null) return true;
            Count(http, refusal);
            if (refusal.Status == StatusCodes.Status401Unauthorized)
                http.Response.Headers.WWWAuthenticate = $"Signature realm=\"{SignatureProfile.TagOf(clusterName)}\"";
            await SayAsync(http, refusal.Status, refusal.Sentence);
        }
        catch (BadHttpRequestException error)
        {
            if (!http.Response.HasStarted) await SayAsync(http, error.StatusCode, error.Message);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // The caller closed the connection.
        }

        return false;
    }

    private bool IsLegacy(HttpContext http) =>
        !http.Request.Headers.ContainsKey(SignatureProfile.SignatureField) && LegacyPaths.Contains(http.Request.Path.Value?.TrimEnd('/'))
        && legacy.Contains(http.Connection.RemoteIpAddress);

    private Refusal? VerifyHead(HttpContext http, out SignedRequest? request)
    {
        var headers = http.Request.Headers;
        var message = new MessageComponents
        {
            Method = Encoding.UTF8.GetBytes(http.Request.Method),
            Target = Encoding.UTF8.GetBytes(http.Features.Get<IHttpRequestFeature>()!.RawTarget),
            ContentDigest = Encoding.UTF8.GetBytes(headers[SignatureProfile.DigestField].ToString()),
        };
        var fields = new SignatureFields
        {
            Input = Encoding.UTF8.GetBytes(headers[SignatureProfile.InputField].ToString()),
            Signature = Encoding.UTF8.GetBytes(headers[SignatureProfile.SignatureField].ToString()),
        };
        var refusal = verifier!.Verify(message, fields, out request);
        http.Features.Set(request);
        return refusal;
    }

    private async Task<Refusal?> TakeBodyAsync(HttpContext http, SignedRequest request)
    {
        if (request.CoversDigest)
        {
            var body = await ReadAsync(http);
            http.Request.Body = new MemoryStream(body, writable: false);
            return BodyDigest.Matches(http.Request.Headers[SignatureProfile.DigestField].ToString(), SHA256.HashData(body))
                ? null : Refusal.BodyChanged;
        }

        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true) return null;
        var streamed = new SignedBody(http, request, refusal => Count(http, refusal));
        http.Response.RegisterForDispose(streamed);
        http.Request.Body = streamed;
        http.Features.Set(streamed);
        return null;
    }

    private static async Task<byte[]> ReadAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MaxBodyBytes;
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.ToArray();
    }

    private void Count(HttpContext http, Refusal refusal)
    {
        const int longest = 100;
        var path = http.Request.Path.Value ?? "";
        var shown = path.Length > longest ? path[..longest] + "…" : path;
        var address = http.Connection.RemoteIpAddress is { } remote ? LegacyPeers.Plain(remote).ToString() : "an unknown address";
        refusals.Add(refusal, $"{http.Request.Method} {shown}", address);
    }

    private static Task SayAsync(HttpContext http, int status, string sentence)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(sentence + "\n", http.RequestAborted);
    }
}
