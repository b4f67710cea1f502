using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dftp.Tests.Node.Commands;

/// <summary>A server on a loopback port with answers from the test, and one request per connection.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<FakeNode, string, string?> _answer;
    private readonly Task _accepting;

    /// <param name="answer">Maps a path to the whole answer, including <c>HTTP/1.1 …</c>; null: never answers.</param>
    public FakeNode(Func<FakeNode, string, string?> answer)
    {
        _answer = answer;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>A node that gives the same answer to everything except <c>GET /cluster/</c>.</summary>
    public static FakeNode With(string answer) => new((node, path) => path == "/cluster/" ? Ok(node.ClusterAnswer()) : answer);

    /// <summary>The answer of a node called <paramref name="name"/> whose public port is this one.</summary>
    public string ClusterAnswer(string name = "a", string rest = "", string peers = "null") =>
        $$$"""{"Name":"dftp","Me":{"Name":"{{{name}}}","PublicAddr":":{{{Port}}}","MgmtAddr":":1"{{{rest}}}},"Peers":{{{peers}}}}""";

    public static string Ok(string body, string headers = "") =>
        $"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n{headers}\r\n{body}";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var talks = new List<Task>();
        try
        {
            while (true) talks.Add(TalkAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(talks);
        }
    }

    private async Task TalkAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
                if (await reader.ReadLineAsync(_stop.Token) is not { } request) return;
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                {
                }

                if (_answer(this, request.Split(' ')[1]) is { } answer) await stream.WriteAsync(Encoding.UTF8.GetBytes(answer),
                    _stop.Token);
                else await reader.ReadToEndAsync(_stop.Token);
            }
            catch (Exception end) when (end is OperationCanceledException or IOException)
            {
                // The client or the test has ended.
            }
        }
    }
}
