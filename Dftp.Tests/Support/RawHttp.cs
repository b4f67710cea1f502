using System.Net.Sockets;
using System.Text;

namespace Dftp.Tests.Support;

/// <summary>Requests as bytes, for what no client library sends.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Sends bytes and reads until the server closes.</summary>
    public static async Task<string> AskAsync(Uri server, string request)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, deadline.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), deadline.Token);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, deadline.Token);
        return Encoding.UTF8.GetString(answer.ToArray());
    }
}
