using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Dftp.Tests.Ftp;

/// <summary>A client that sends exactly what a test says. An operation that takes longer than <see cref="Patience"/> fails.</summary>
internal sealed class RawFtpClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket _socket;
    private readonly CancellationTokenSource _patience = new(Patience);
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    private Stream _stream;

    private RawFtpClient(Socket socket)
    {
        _socket = socket;
        _stream = Stream.Null;
    }

    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    public Socket Socket => _socket;

    private CancellationToken Token => _patience.Token;

    public static async Task<RawFtpClient> ConnectAsync(IPEndPoint server)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var client = new RawFtpClient(socket);
        await socket.ConnectAsync(server, client.Token);
        client._stream = new NetworkStream(socket);
        return client;
    }

    /// <summary>Sends a command and reads one reply.</summary>
    public async Task<string> SendAsync(string command)
    {
        await SendRawAsync(command + "\r\n");
        return await ReadReplyAsync();
    }

    /// <summary>Sends a command and reads one reply with an expected code.</summary>
    public async Task<string> ExpectAsync(int code, string command)
    {
        var reply = await SendAsync(command);
        Assert.AreEqual(code, CodeOf(reply), $"{command} → {reply}");
        return reply;
    }

    /// <summary>Reads one reply with an expected code.</summary>
    public async Task<string> ExpectAsync(int code)
    {
        var reply = await ReadReplyAsync();
        Assert.AreEqual(code, CodeOf(reply), reply);
        return reply;
    }

    public Task SendRawAsync(string text) => SendRawAsync(Encoding.UTF8.GetBytes(text));

    public async Task SendRawAsync(params byte[] bytes)
    {
        await _stream.WriteAsync(bytes, Token);
    }

    /// <summary>A whole reply, its lines joined by LF; empty at the end of the stream.</summary>
    public async Task<string> ReadReplyAsync()
    {
        var first = await ReadLineAsync();
        if (first.Length < 4 || first[3] != '-') return first;
        var reply = new StringBuilder(first);
        while (true)
        {
            var line = await ReadLineAsync();
            reply.Append('\n').Append(line);
            if (line.StartsWith(first[..3] + " ", StringComparison.Ordinal)) return reply.ToString();
        }
    }

    /// <summary>Asserts that the stream has ended.</summary>
    public async Task ExpectEndAsync() => Assert.AreEqual("", await ReadLineAsync());

    /// <summary>Performs the client's part of a TLS handshake on the control connection, which uses TLS from then on.</summary>
    public async Task SecureAsync(SslProtocols protocol = SslProtocols.None)
    {
        Assert.AreEqual(_end, _start, "nothing comes between the reply and the handshake");
        var tls = new SslStream(_stream);
        await tls.AuthenticateAsClientAsync(TlsOptions.Client(protocol), Token);
        _stream = tls;
    }

    /// <summary>Performs the client's part of a TLS handshake on a data connection.</summary>
    public async Task<SslStream> SecureAsync(Socket data, SslProtocols protocol = SslProtocols.None)
    {
        var tls = new SslStream(new NetworkStream(data));
        await tls.AuthenticateAsClientAsync(TlsOptions.Client(protocol), Token);
        return tls;
    }

    /// <summary>Everything up to the end of a stream.</summary>
    public async Task<byte[]> ReadToEndAsync(Stream data)
    {
        using var all = new MemoryStream();
        await data.CopyToAsync(all, Token);
        return all.ToArray();
    }

    /// <summary>Opens a data connection by PASV.</summary>
    public async Task<Socket> OpenPassiveAsync()
    {
        var reply = await ExpectAsync(227, "PASV");
        return await ConnectDataAsync(PassiveEndPoint(reply));
    }

    public static IPEndPoint PassiveEndPoint(string reply)
    {
        var numbers = reply[(reply.IndexOf('(') + 1)..reply.IndexOf(')')].Split(',')
            .Select(number => byte.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        return new IPEndPoint(new IPAddress(numbers[..4]), (numbers[4] << 8) | numbers[5]);
    }

    public static int ExtendedPassivePort(string reply) =>
        int.Parse(reply[(reply.IndexOf("|||", StringComparison.Ordinal) + 3)..reply.LastIndexOf('|')], CultureInfo.InvariantCulture);

    public async Task<Socket> ConnectDataAsync(IPEndPoint endPoint)
    {
        var data = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await data.ConnectAsync(endPoint, Token);
        return data;
    }

    /// <summary>PASV, then a command with data: 150, data, 226.</summary>
    public async Task<byte[]> FetchAsync(string command)
    {
        using var data = await OpenPassiveAsync();
        await ExpectAsync(150, command);
        var bytes = await ReadToEndAsync(data);
        await ExpectAsync(226);
        return bytes;
    }

    public async Task<string> FetchTextAsync(string command) => Encoding.UTF8.GetString(await FetchAsync(command));

    /// <summary>The lines of a listing; every line must end with CRLF.</summary>
    public async Task<string[]> FetchLinesAsync(string command)
    {
        var text = await FetchTextAsync(command);
        if (text.Length == 0) return [];
        Assert.IsTrue(text.EndsWith("\r\n", StringComparison.Ordinal), text);
        return text[..^2].Split("\r\n");
    }

    /// <summary>Everything up to FIN; a RST throws.</summary>
    public async Task<byte[]> ReadToEndAsync(Socket data)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await data.ReceiveAsync(buffer, Token) is var read and > 0) all.Write(buffer, 0, read);
        return all.ToArray();
    }

    public async Task ReadExactlyAsync(Socket data, int count)
    {
        var buffer = new byte[count];
        for (var read = 0; read < count;)
        {
            var got = await data.ReceiveAsync(buffer.AsMemory(read), Token);
            Assert.AreNotEqual(0, got, "the data ended early");
            read += got;
        }
    }

    public async Task<Socket> AcceptAsync(Socket listener) => await listener.AcceptAsync(Token);

    /// <summary>Waits for a state that the server reaches on its own.</summary>
    public async Task WaitUntilAsync(Func<bool> condition)
    {
        // The pause lets the server's threads work between two steps of a test's time.
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        while (!condition()) await pause.WaitForNextTickAsync(Token);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _patience.Dispose();
    }

    public static int CodeOf(string reply) => reply.Length < 3 ? 0 : int.Parse(reply[..3], CultureInfo.InvariantCulture);

    private async Task<string> ReadLineAsync()
    {
        using var line = new MemoryStream();
        while (true)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = await _stream.ReadAsync(_buffer, Token);
                if (_end == 0) return Encoding.UTF8.GetString(line.ToArray());
            }

            var value = _buffer[_start++];
            if (value != '\n')
            {
                line.WriteByte(value);
                continue;
            }

            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(line.ToArray());
            Assert.IsTrue(text.EndsWith('\r'), $"a reply line ends with CRLF: {text}");
            return text[..^1];
        }
    }
}
