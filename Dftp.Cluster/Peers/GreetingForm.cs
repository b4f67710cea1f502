using System.Globalization;
using System.Text;

namespace Dftp.Cluster.Peers;

/// <summary>The form of a greeting: the fields of the specification, then ours.</summary>
internal static class GreetingForm
{
    public static byte[] Write(NodeDescription me, string clusterName, bool requestFullUpdate, bool isLeaving, ulong? knownDigest)
    {
        var form = new StringBuilder();
        Add("name", me.Name.Value);
        Add("public-addr", me.PublicAddress.ToString());
        Add("mgmt-addr", me.ManagementAddress.ToString());
        if (requestFullUpdate) Add("request-full-update", "true");
        if (isLeaving) Add("leaving", "true");
        Add("cluster-name", clusterName);
        if (me.State is { } state)
        {
            Add("epoch", state.Incarnation.ToString(CultureInfo.InvariantCulture));
            Add("sequence", state.Sequence.ToString(CultureInfo.InvariantCulture));
            Add("digest", state.Digest.ToString("x16", CultureInfo.InvariantCulture));
        }

        if (me.ServesReads) Add("serves-reads", "true");
        if (me.Certificate is { } certificate) Add("certificate", certificate.ToString());
        if (me.Unconfirmed.Count > 0) Add("unconfirmed", UnconfirmedField.Write(me.Unconfirmed));
        if (knownDigest is { } known) Add("known-digest", known.ToString("x16", CultureInfo.InvariantCulture));
        return Encoding.ASCII.GetBytes(form.ToString());

        void Add(string field, string value) =>
            form.Append(form.Length > 0 ? "&" : "").Append(field).Append('=').Append(Uri.EscapeDataString(value));
    }
}
