/** elasticdump asks `GET /` for the version, which the embedded node does not have: this answers for it. */
const Base = require(`${process.env.BENCH_ELASTICDUMP}/lib/transports/__es__/_base.js`);

const { version } = Base.prototype;
Base.prototype.version = function (prefix, callback) {
  if (!this.base.host.startsWith('http')) return version.call(this, prefix, callback);
  this.ESFullversion = process.env.BENCH_VERSION;
  this.ESversion = this.ESFullversion.split('.')[0];
  this.setSearchBody();
  callback();
};
