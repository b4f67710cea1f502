using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Dftp.Tests.Support;

/// <summary>
/// Behaves on the wire as a legacy node: it accepts uncompressed bodies of exactly application/json from nodes that greeted it, has
/// no ranges, and answers greetings with the original members only.
/// </summary>
internal sealed class LegacyNode : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly string _name;

    private LegacyNode(string name, WebApplication server)
    {
        _name = name;
        _server = server;
    }

    public int Port { get; private set; }

    public ConcurrentQueue<IReadOnlyDictionary<string, string>> Greetings { get; } = new();

    public ConcurrentQueue<JsonElement> Updates { get; } = new();

    /// <summary>The entries that it has applied from updates.</summary>
    public LegacyTree Tree { get; } = new();

    /// <summary>The requests that a legacy node would not accept.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    /// <summary>The nodes that it announces, as the value of Peers.</summary>
    public string Peers { get; set; } = "{}";

    /// <summary>Awaited before it answers a greeting.</summary>
    public Task BeforeAnswer { get; set; } = Task.CompletedTask;

    /// <summary>Content by path, served under /fs/.</summary>
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    public static async Task<LegacyNode> StartAsync(string name)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore()
            .ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        var app = builder.Build();
        var node = new LegacyNode(name, app);
        app.Run(node.AnswerAsync);
        await app.StartAsync();
        node.Port = new Uri(app.Urls.First()).Port;
        return node;
    }

    public FormUrlEncodedContent Greeting(bool requestFullUpdate) => new(
    [
        new("name", _name),
        new("public-addr", $":{Port}"),
        new("mgmt-addr", $":{Port}"),
        .. requestFullUpdate ? [new("request-full-update", "true")] : Array.Empty<KeyValuePair<string, string>>(),
    ]);

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync();
        await _server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/cluster/" when HttpMethods.IsPost(http.Request.Method):
                Greetings.Enqueue((await http.Request.ReadFormAsync()).ToDictionary(field => field.Key, field => field.Value.ToString()));
                await BeforeAnswer;
                await http.Response.WriteAsync(
                    $$"""{"Name":"dftp","Me":{"Name":"{{_name}}","PublicAddr":":{{Port}}","MgmtAddr":":{{Port}}","LastAlive":1},"Peers":{{Peers}} }""" + "\n");
                break;
            case "/update/" when HttpMethods.IsPost(http.Request.Method):
                if (http.Request.ContentType != "application/json") Complaints.Enqueue($"Content-Type {http.Request.ContentType}");
                if (http.Request.Headers.ContentEncoding.Count > 0) Complaints.Enqueue("Content-Encoding");
                using (var update = await JsonDocument.ParseAsync(http.Request.Body))
                {
                    Tree.Apply(update.RootElement);
                    Updates.Enqueue(update.RootElement.Clone());
                }

                await http.Response.WriteAsync("ok\n");
                break;
            case { } path when path.StartsWith("/fs/", StringComparison.Ordinal) && Files.TryGetValue(path[3..], out var content):
                if (http.Request.Query["redirN"] != "1") Complaints.Enqueue($"redirN {http.Request.Query["redirN"]}");
                http.Response.ContentLength = content.Length;
                await http.Response.Body.WriteAsync(content);
                break;
            default:
                http.Response.StatusCode = 404;
                break;
        }
    }
}
