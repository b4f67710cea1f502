using System.Text;
using System.Text.Json;
using Dftp.Cluster;
using Dftp.Cluster.Index;
using Dftp.Cluster.Peers;

namespace Dftp.Tests.Cluster.Peers;

[TestClass]
public sealed class ClusterAnswerTests
{
    private const string Me = """
        "Me":{"Name":"p","PublicAddr":":80","MgmtAddr":"10.0.0.2:81"}
        """;

    [TestMethod]
    public void OriginalsAnswer_IsRead()
    {
        var answer = Parse($$"""
            {"Name":"home",{{Me}},"Peers":{"q":{"Name":"q","PublicAddr":"10.0.0.3:80","MgmtAddr":"10.0.0.3:81","LastAlive":1} } }
            """);

        Assert.AreEqual("home", answer.ClusterName);
        Assert.AreEqual(new HostPort("asked", 80), answer.Me.PublicAddress, "the host that was asked stands in for one that is left out");
        Assert.AreEqual(new HostPort("10.0.0.2", 81), answer.Me.ManagementAddress);
        Assert.IsNull(answer.Me.State);
        Assert.AreEqual("q", answer.Peers.Single().Name.Value);
    }

    [TestMethod]
    public void StateAndOtherCaseAndUnknownMembers_AreRead()
    {
        var answer = Parse("""
            {"me":{"NAME":"p","publicaddr":":1","MGMTADDR":"[fe80::1]:2","epoch":5,"SEQUENCE":6,"Digest":"00000000000000ff","X":[{}]},
             "Y":{"Z":[]}}
            """);

        Assert.AreEqual(new AnnouncedState(5, 6, 255), answer.Me.State);
        Assert.AreEqual(new HostPort("fe80::1", 2), answer.Me.ManagementAddress);
        Assert.AreEqual("", answer.ClusterName);
        Assert.AreEqual(0, answer.Peers.Count);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("ok")]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("{}")]
    [DataRow("{\"Me\":null}")]
    [DataRow("{\"Me\":[]}")]
    [DataRow("{\"Me\":\"p\"}")]
    [DataRow("{\"Me\":{}}")]
    [DataRow("{\"Me\":{\"Name\":\"p\"}}")]
    [DataRow("{\"Me\":{\"Name\":\"a b\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}}")]
    [DataRow("{\"Me\":{\"Name\":\"a\\nb\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}}")]
    [DataRow("{\"Me\":{\"Name\":\"\\ud800\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}}")]
    [DataRow("{\"Me\":{\"Name\":5,\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}}")]
    [DataRow("{\"Me\":{\"Name\":\"p\",\"PublicAddr\":\":65536\",\"MgmtAddr\":\":2\"}}")]
    [DataRow("{\"Me\":{\"Name\":\"p\",\"PublicAddr\":\":1\",\"MgmtAddr\":\"x y:2\"}}")]
    [DataRow("{\"Me\":{\"Name\":\"p\",\"PublicAddr\":\":1\",\"MgmtAddr\":\"a/../b:2\"}}")]
    [DataRow("{\"\\ud800\":1,\"Me\":null}")]
    [DataRow("{\"Me\":{\"Name\":\"p\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}")]
    [DataRow("{\"Me\":{\"Name\":\"p\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}} x")]
    [DataRow("[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]")]
    public void NoAnswer_IsRefusedAsSuch(string json)
    {
        try
        {
            Parse(json);
        }
        catch (JsonException)
        {
            return;
        }

        Assert.Fail("it was taken for an answer");
    }

    [TestMethod]
    public void BytesThatAreNoUtf8_AreRefusedAsSuch()
    {
        var bytes = Encoding.Latin1.GetBytes("{\"Me\":{\"Name\":\"p\u00ff\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}}");
        try
        {
            ClusterAnswer.Parse(bytes, "asked");
        }
        catch (JsonException)
        {
            return;
        }

        Assert.Fail("it was taken for an answer");
    }

    [TestMethod]
    [DataRow("null")]
    [DataRow("[]")]
    [DataRow("7")]
    [DataRow("{\"q\":null}")]
    [DataRow("{\"q\":[]}")]
    [DataRow("{\"q\":{\"Name\":\"q\"}}")]
    [DataRow("{\"q\":{\"Name\":\"a/b\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}}")]
    [DataRow("{\"q\":{\"Name\":\"\\ud800\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}}")]
    [DataRow("{\"\\ud800\":{\"PublicAddr\":\":1\",\"MgmtAddr\":\":2\"}}")]
    [DataRow("{\"q\":{\"\\ud800\":1}}")]
    [DataRow("{\"q\":{\"Name\":\"q\",\"PublicAddr\":\"\",\"MgmtAddr\":\"\"}}")]
    [DataRow("{\"q\":{\"Name\":\"q\",\"PublicAddr\":\":1\",\"MgmtAddr\":\":-2\"}}")]
    public void PeersThatMakeNoSense_ArePassedOver(string peers) =>
        Assert.AreEqual(0, Parse($$"""{ {{Me}},"Peers":{{peers}} }""").Peers.Count);

    [TestMethod]
    [DataRow("\"Epoch\":\"5\",\"Sequence\":6,\"Digest\":\"ff\"")]
    [DataRow("\"Epoch\":5.5,\"Sequence\":6,\"Digest\":\"ff\"")]
    [DataRow("\"Epoch\":1e99,\"Sequence\":6,\"Digest\":\"ff\"")]
    [DataRow("\"Epoch\":99999999999999999999,\"Sequence\":6,\"Digest\":\"ff\"")]
    [DataRow("\"Epoch\":5,\"Sequence\":6,\"Digest\":\"xyz\"")]
    [DataRow("\"Epoch\":5,\"Sequence\":6,\"Digest\":\"11112222333344445\"")]
    [DataRow("\"Epoch\":5,\"Sequence\":6,\"Digest\":255")]
    [DataRow("\"Epoch\":5,\"Sequence\":6")]
    public void StateThatMakesNoSense_IsNoState(string state) =>
        Assert.IsNull(Parse($$"""{"Me":{"Name":"p","PublicAddr":":1","MgmtAddr":":2",{{state}} } }""").Me.State);

    [TestMethod]
    public void PeersWithoutEnd_AreBounded()
    {
        var peers = string.Join(',', Enumerable.Range(0, 2 * ClusterAnswer.MaxPeers).Select(number => $$"""
            "n{{number}}":{"PublicAddr":":1","MgmtAddr":":2"}
            """));

        Assert.AreEqual(ClusterAnswer.MaxPeers, Parse($$"""{ {{Me}},"Peers":{ {{peers}} } }""").Peers.Count);
    }

    [TestMethod]
    public void WhatIsWritten_IsReadBack()
    {
        var me = Given.Description(Given.State(5, 6, ulong.MaxValue));
        var peer = Given.Description(null) with { Name = Dftp.FileSystem.NodeName.Parse("ü") };
        var written = new System.Buffers.ArrayBufferWriter<byte>();

        ClusterAnswerWriter.Write(written, "home", Listed(me), [Listed(peer)]);

        var read = ClusterAnswer.Parse(written.WrittenMemory, "asked");
        Assert.AreEqual("home", read.ClusterName);
        Assert.AreEqual(me, read.Me);
        Assert.AreEqual(peer, read.Peers.Single());
    }

    private static ListedNode Listed(NodeDescription node) => new(node, new PeerFacts { Name = node.Name });

    private static ClusterAnswer Parse(string json) => ClusterAnswer.Parse(Encoding.UTF8.GetBytes(json), "asked");
}
