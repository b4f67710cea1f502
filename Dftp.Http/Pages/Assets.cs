using System.Collections.Frozen;
using System.Security.Cryptography;
using Dftp.Routes;
using Microsoft.AspNetCore.Http;

namespace Dftp.Http.Pages;

/// <summary>
/// Answers <c>/.dftp/&lt;version&gt;/&lt;name&gt;</c>: the styles and scripts of the pages. The version is a hash of all contents,
/// so browsers may cache them indefinitely.
/// </summary>
internal static class Assets
{
    public const string Path = "/.dftp/";

    private const string ResourcePrefix = "Dftp.Http.Assets.";

    private static readonly FrozenDictionary<string, byte[]> Contents = typeof(Assets).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[ResourcePrefix.Length..], Read);

    private static readonly string Version = VersionOf(Contents);

    public static string UrlOf(string name) =>
        Contents.ContainsKey(name) ? $"{Path}{Version}/{name}" : throw new ArgumentOutOfRangeException(nameof(name), name, "no such asset");

    public static async Task AnswerAsync(RoutedRequest request)
    {
        var response = request.Http.Response;
        var slash = request.Rest.IndexOf('/');
        var (version, name) = slash < 0 ? ("", "") : (request.Rest[..slash].ToString(), request.Rest[(slash + 1)..].ToString());
        if (version.Length == 0 || !Contents.TryGetValue(name, out var content))
        {
            await PlainText.WriteAsync(request.Http, StatusCodes.Status404NotFound, "Nothing is here.");
            return;
        }

        // A page from before an upgrade gets the current content, but must not cache it.
        response.Headers.CacheControl = version == Version ? "public, max-age=31536000, immutable" : "no-cache";
        response.ContentType = System.IO.Path.GetExtension(name) switch
        {
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => throw new InvalidOperationException($"an asset without a type: {name}"),
        };
        response.ContentLength = content.Length;
        if (!request.IsHead) await response.Body.WriteAsync(content, request.Aborted);
    }

    private static byte[] Read(string resource)
    {
        using var stream = typeof(Assets).Assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static string VersionOf(FrozenDictionary<string, byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, content) in contents.OrderBy(asset => asset.Key, StringComparer.Ordinal)) hash.AppendData(content);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
