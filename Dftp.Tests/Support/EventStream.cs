using Dftp.Tests.Http;

namespace Dftp.Tests.Support;

/// <summary>Reads an event stream block by block.</summary>
internal sealed class EventStream : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage response, Stream stream)
    {
        _response = response;
        _reader = new StreamReader(stream);
    }

    public string? ContentType => _response.Content.Headers.ContentType?.ToString();

    public static Task<EventStream> OpenAsync(HttpSite site, string target, params (string Name, string Value)[] headers) =>
        OpenAsync(site.Client, site.Url(target), headers);

    public static async Task<EventStream> OpenAsync(HttpClient client, Uri url, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new EventStream(response.EnsureSuccessStatusCode(), await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The lines up to the next empty one; empty at the end of the stream.</summary>
    public async Task<string> BlockAsync()
    {
        var lines = new List<string>();
        while (await _reader.ReadLineAsync().WaitAsync(Patience) is { Length: > 0 } line) lines.Add(line);
        return string.Join('\n', lines);
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
