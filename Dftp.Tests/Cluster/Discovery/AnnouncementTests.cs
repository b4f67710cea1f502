using System.Text;
using Dftp.Cluster.Discovery;
using Dftp.FileSystem;

namespace Dftp.Tests.Cluster.Discovery;

[TestClass]
public sealed class AnnouncementTests
{
    private static readonly NodeName Node = NodeName.Parse("n1");

    // UDP JSON {"Type":"ping","ClusterName":…,"NodeName":…,"MgmtAddr":":7041"}
    [TestMethod]
    public void Announcement_IsWrittenAsTheOriginalReadsIt() =>
        Assert.AreEqual(
            """{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":":7041"}""",
            Encoding.UTF8.GetString(new Announcement("c", Node, "", 7041).ToBytes()));

    [TestMethod]
    [DataRow("", "é\"{}\n", DisplayName = "no host, an awkward cluster")]
    [DataRow("10.0.0.7", "c")]
    [DataRow("node.example", "c")]
    [DataRow("2001:db8::1", "c")]
    public void WrittenAnnouncement_IsReadBack(string host, string cluster)
    {
        var written = new Announcement(cluster, Node, host, 65535);
        Assert.IsTrue(Announcement.TryParse(written.ToBytes(), out var read));
        Assert.AreEqual(written, read);
    }

    [TestMethod]
    [DataRow("""{"type":"ping","CLUSTERNAME":"c","nodeName":"n1","mgmtaddr":":7041"}""", DisplayName = "case")]
    [DataRow("""{"New":{"a":[]},"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":":7041","Epoch":7}""", DisplayName = "more")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":"0.0.0.0:7041"}""", DisplayName = "unspecified IPv4")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":"[::]:7041"}""", DisplayName = "unspecified IPv6")]
    [DataRow("{\"Type\":\"ping\",\"ClusterName\":\"c\",\"NodeName\":\"n1\",\"MgmtAddr\":\":7041\"}\n", DisplayName = "newline")]
    public void FormsThatOthersMayWrite_AreRead(string text)
    {
        Assert.IsTrue(Announcement.TryParse(Encoding.UTF8.GetBytes(text), out var read));
        Assert.AreEqual(new Announcement("c", Node, "", 7041), read);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("\u0001\u0002")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1"}""")]
    [DataRow("""{"Type":"pong","ClusterName":"c","NodeName":"n1","MgmtAddr":":7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n/1","MgmtAddr":":7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"","MgmtAddr":":7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":null,"NodeName":"n1","MgmtAddr":":7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":7,"MgmtAddr":":7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":"7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":":0"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":":65536"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":":-1"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":"a b:7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":"a/b:7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":"::1:7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":"[no]:7041"}""")]
    [DataRow("""{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":":7041"} and more""")]
    public void WhatIsNoAnnouncement_IsRefused(string text) =>
        Assert.IsFalse(Announcement.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [TestMethod]
    public void EveryCutOfAnAnnouncement_IsRefusedWithoutAnException()
    {
        var whole = new Announcement("c", Node, "", 7041).ToBytes();
        for (var length = 0; length < whole.Length; length++) Assert.IsFalse(Announcement.TryParse(whole.AsSpan(0, length), out _));
    }

    [TestMethod]
    public void DatagramLongerThanTheLimit_IsRefused()
    {
        var text = """{"Type":"ping","ClusterName":"c","NodeName":"n1","MgmtAddr":":7041"}""";
        Assert.IsTrue(Announcement.TryParse(Encoding.UTF8.GetBytes(text.PadRight(Announcement.MaxBytes)), out _));
        Assert.IsFalse(Announcement.TryParse(Encoding.UTF8.GetBytes(text.PadRight(Announcement.MaxBytes + 1)), out _));
    }

    [TestMethod]
    public void NamesThatDoNotFit_AreRefusedWhenWritten() =>
        Assert.ThrowsExactly<InvalidOperationException>(() => new Announcement(new string('c', 1500), Node, "", 7041).ToBytes());
}
