using Dftp.Node;
using Dftp.Node.CommandLine;

namespace Dftp.Tests.Node.CommandLine;

[TestClass]
public sealed class ValueParserTests
{
    [TestMethod]
    [DataRow(":7040", "", 7040)]
    [DataRow("[::1]:80", "::1", 80)]
    [DataRow("[::]:0", "::", 0)]
    [DataRow("localhost:0", "localhost", 0)]
    [DataRow("127.0.0.1:65535", "127.0.0.1", 65535)]
    [DataRow("server-1.example.org:21", "server-1.example.org", 21)]
    public void ListenAddress_Good_IsReadAndWrittenAlike(string text, string host, int port)
    {
        var address = ListenAddress.Parse(text);
        Assert.AreEqual((host, port), (address.Host, address.Port));
        Assert.AreEqual(text, address.ToString());
    }

    [TestMethod]
    [DataRow("7040")]
    [DataRow("")]
    [DataRow(":")]
    [DataRow(":65536")]
    [DataRow(":-1")]
    [DataRow(": 80")]
    [DataRow(":80x")]
    [DataRow("::1:80")]
    [DataRow("[::1]")]
    [DataRow("[localhost]:80")]
    [DataRow("[]:80")]
    [DataRow("*:80")]
    [DataRow("a b:80")]
    [DataRow("1.2.3.400:80")]
    [DataRow("http://x:80")]
    public void ListenAddress_Bad_IsRefused(string text) => Assert.ThrowsExactly<FormatException>(() => ListenAddress.Parse(text));

    [TestMethod]
    [DataRow(":0")]
    [DataRow("127.0.0.1:5")]
    [DataRow("[::1]:5")]
    [DataRow("localhost:5")]
    public async Task ListenAddress_Resolved_KeepsThePort(string text)
    {
        var address = ListenAddress.Parse(text);
        var resolved = await address.ResolveAsync(CancellationToken.None);
        Assert.AreEqual(address.Port, resolved.Port);
    }

    [TestMethod]
    public async Task ListenAddress_Localhost_IsIPv4First() =>
        Assert.AreEqual("127.0.0.1:5", $"{await ListenAddress.Parse("localhost:5").ResolveAsync(CancellationToken.None)}");

    [TestMethod]
    [DataRow("224.0.0.9:7041")]
    [DataRow("239.255.255.255:1")]
    [DataRow("[ff02::1]:7041")]
    public void MulticastGroup_Good_IsRead(string text) => Assert.AreEqual(text, $"{ValueParsers.MulticastGroupOrOff(text)}");

    [TestMethod]
    [DataRow("223.255.255.255:7041")]
    [DataRow("240.0.0.0:7041")]
    [DataRow("[fe80::1]:7041")]
    [DataRow("224.0.0.9:0")]
    [DataRow("224.0.0.9")]
    [DataRow(":7041")]
    [DataRow("localhost:7041")]
    public void MulticastGroup_Bad_IsRefused(string text) =>
        Assert.ThrowsExactly<FormatException>(() => ValueParsers.MulticastGroupOrOff(text));

    [TestMethod]
    public void ClusterName_OfTheMostBytes_IsTaken()
    {
        Assert.AreEqual(255, ValueParsers.ClusterName(new string('x', 255)).Length);
        Assert.ThrowsExactly<FormatException>(() => ValueParsers.ClusterName(new string('x', 254) + 'é'));
        Assert.ThrowsExactly<FormatException>(() => ValueParsers.ClusterName("a\nb"));
    }

    [TestMethod]
    [DataRow("0", 0)]
    [DataRow("500ms", 500)]
    [DataRow("5s", 5_000)]
    [DataRow("1.5m", 90_000)]
    [DataRow("1h30m", 5_400_000)]
    [DataRow("24h", 86_400_000)]
    public void Duration_Good_IsRead(string text, int milliseconds) =>
        Assert.AreEqual(TimeSpan.FromMilliseconds(milliseconds), ValueParsers.Duration(text));

    [TestMethod]
    [DataRow("")]
    [DataRow("5")]
    [DataRow("s")]
    [DataRow("-5s")]
    [DataRow("5 s")]
    [DataRow("5d")]
    [DataRow("1..5s")]
    [DataRow("99999999999999999999999999999h")]
    [DataRow("999999999999h")]
    public void Duration_Bad_IsRefused(string text) => Assert.ThrowsExactly<FormatException>(() => ValueParsers.Duration(text));
}
